/* The answers of the upstream, as text: a stream is some events before, n deltas, some events after. */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H
#include <stddef.h>

struct dialect {
    const char *before[3], *after[4]; /* each ends with NULL */
    const char *delta_start, *delta_end, *json;
};

#define USAGE "\"input_tokens\":25,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
#define MESSAGE "\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\","
#define CHAT "data: {\"id\":\"chatcmpl-9Zx\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"gpt-5-mini\","

static const struct dialect ANTHROPIC = {
    .before = {"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{" MESSAGE
               "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{" USAGE "\"output_tokens\":1}}}\n\n",
               "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
               "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
               NULL},
    .delta_start = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                   "\"delta\":{\"type\":\"text_delta\",\"text\":\"",
    .delta_end = "\"}}\n\n",
    .after = {"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
              "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
              "\"stop_sequence\":null},\"usage\":{" USAGE "\"output_tokens\":500}}\n\n",
              "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", NULL},
    .json = "{" MESSAGE "\"content\":[{\"type\":\"text\",\"text\":\"Four words, as asked.\"}],\"stop_reason\":\"end_turn\","
            "\"stop_sequence\":null,\"usage\":{" USAGE "\"output_tokens\":12}}",
};

static const struct dialect OPENAI = {
    .before = {CHAT "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
               NULL},
    .delta_start = CHAT "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
    .delta_end = "\"},\"finish_reason\":null}]}\n\n",
    .after = {CHAT "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
              CHAT "\"choices\":[],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":500,\"total_tokens\":525}}\n\n",
              "data: [DONE]\n\n", NULL},
    .json = "{\"id\":\"chatcmpl-9Zx\",\"object\":\"chat.completion\",\"created\":1790000000,\"model\":\"gpt-5-mini\","
            "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Four words, as asked.\"},"
            "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":12,\"total_tokens\":37}}",
};

static const char STREAM_HEAD[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                                  "cache-control: no-cache\r\nrequest-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\n"
                                  "transfer-encoding: chunked\r\n\r\n";
static const char SOLID_HEAD[] = "HTTP/1.1 200 OK\r\ncontent-type: %s\r\nrequest-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\n"
                                 "x-bench-received: %llu\r\ncontent-length: %zu\r\n\r\n%s";
#endif
