/* See client.h. Every answer is checked to its end: framing, count of events, status. */
#include "client.h"

struct samples latencies;
uint64_t retries;
static uint64_t nonce;
static char buffer[1 << 18];

void sample(struct samples *s, uint64_t value) {
    if (s->len == s->room) {
        s->room = s->room ? 2 * s->room : 4096;
        if (!(s->values = realloc(s->values, s->room * sizeof *s->values))) die("realloc");
    }
    s->values[s->len++] = value;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double percentile(struct samples *s, double p) {
    if (!s->len) return 0;
    qsort(s->values, s->len, sizeof *s->values, ascending);
    return (double)s->values[(size_t)(p * (double)(s->len - 1) + 0.5)];
}

static void read_request(struct client *c, const char *file) {
    FILE *opened = fopen(file, "rb");
    size_t room = 1 << 24, len = c->request_len = opened && (c->request = malloc(room)) ? fread(c->request, 1, room, opened) : 0;
    const char *body = memmem(c->request, len, "\r\n\r\n", 4), *zeros = memmem(c->request, len, "000000000000", 12);
    if (!body || !zeros) die("no request with a place for a number");
    fclose(opened);
    c->body_len = len - (size_t)(body + 4 - c->request), c->nonce_at = (size_t)(zeros - c->request);
}

/* Requests differ in one number, in this run and the next, so that no proxy may answer from what it remembers. */
void client_prepare(struct client *c, const struct order *order) {
    if (!nonce) nonce = now_ns() / 1000 % 1000000000000ull;
    if (order->file) return read_request(c, order->file);
    static const char start[] = "{\"model\":\"%s\",\"max_tokens\":1024,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"";
    static const char nonce_text[] = "000000000000 ", end[] = "\"}]}";
    const char *model = strstr(order->path, "chat/completions") ? "gpt-5-mini" : "claude-sonnet-4-5";
    size_t piece = 1 << 16, room = order->body + 512;
    char *body = malloc(room);
    if (!body || !(c->request = malloc(room + 1024 + (room / piece + 2) * 16))) die("malloc");
    size_t opening_len = (size_t)sprintf(body, start, model, order->wants_stream ? "true" : "false");
    size_t filler_at = opening_len + (size_t)sprintf(body + opening_len, nonce_text);
    memset(body + filler_at, 'a', order->body);
    strcpy(body + filler_at + order->body, end);
    size_t body_len = c->body_len = filler_at + order->body + sizeof end - 1;
    char bench[128], framing[64];
    snprintf(bench, sizeof bench, c->id ? "%s;id=%llu" : "%s", order->bench, (unsigned long long)c->id);
    snprintf(framing, sizeof framing, order->chunked ? "transfer-encoding: chunked" : "content-length: %zu", body_len);
    c->request_len = (size_t)sprintf(
        c->request, "POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench/1\r\nx-api-key: bench-key\r\n"
        "anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\naccept: */*\r\nx-bench: %s\r\n%s\r\n\r\n",
        order->path, bench, framing);
    for (size_t done = 0; done < body_len;) {
        size_t take = order->chunked && body_len - done > piece ? piece : body_len - done;
        if (order->chunked) c->request_len += (size_t)sprintf(c->request + c->request_len, "%zx\r\n", take);
        if (!done) c->nonce_at = c->request_len + opening_len;
        memcpy(c->request + c->request_len, body + done, take);
        c->request_len += take;
        done += take;
        if (order->chunked) c->request_len += (size_t)sprintf(c->request + c->request_len, done < body_len ? "\r\n" : "\r\n0\r\n\r\n");
    }
    free(body);
}

static void over(struct client *c, enum phase phase, const char *failure) {
    c->phase = phase;
    c->failure = failure;
    c->ended = now_ns();
    if (phase == FAILED || c->parting || c->framing == TO_END) {
        close(c->fd);
        c->fd = -1;
    }
}

static void fresh(struct client *c) {
    char digits[13];
    snprintf(digits, sizeof digits, "%012llu", (unsigned long long)(c->same ? c->same : ++nonce % 1000000000000ull));
    memcpy(c->request + c->nonce_at, digits, 12);
    c->sent = c->head_len = 0;
    c->status = c->newlines = c->digits = 0;
    c->events = c->bytes = c->first_byte = c->received = 0;
    c->chunked = (struct chunked){0};
    c->parting = false;
}

void client_open(struct client *c, int epoll_fd, int port) {
    struct sockaddr_in address = loopback(port);
    fresh(c);
    c->reused = false;
    c->began = now_ns();
    c->phase = CONNECTING;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (c->receive_buffer) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &c->receive_buffer, sizeof(int));
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        return over(c, FAILED, "connect");
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
}

static void transmit(struct client *c, int epoll_fd) {
    size_t end = c->stop_at && c->stop_at < c->request_len ? c->stop_at : c->request_len;
    while (c->sent < end) {
        ssize_t n = send(c->fd, c->request + c->sent, end - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
            epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
            return;
        }
        if (n < 0) return; /* an answer may be there all the same: reading tells */
        c->sent += (size_t)n;
    }
    if (c->phase == SENDING) c->phase = AWAITING;
    struct epoll_event e = {.events = c->paused ? 0 : EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

void client_again(struct client *c, int epoll_fd, int port) {
    if (c->fd < 0) return client_open(c, epoll_fd, port);
    fresh(c);
    c->reused = true;
    c->began = now_ns();
    c->phase = SENDING;
    transmit(c, epoll_fd);
}

static void payload(struct client *c, const char *at, size_t len, uint64_t now) {
    c->bytes += len;
    for (const char *end = at + len; at < end; at++) {
        if (c->digits) {
            c->stamp = c->stamp * 10 + (uint64_t)(*at - '0');
            if (--c->digits == 0 && !c->unwatched) sample(&latencies, now > c->stamp ? now - c->stamp : 0);
        } else if (*at == '\n') {
            if (++c->newlines == 2) c->events++;
        } else {
            c->newlines = 0;
            if (*at == '@') c->digits = STAMP_DIGITS, c->stamp = 0;
        }
    }
}

static void body(struct client *c, const char *at, const char *end, uint64_t now) {
    size_t len;
    const char *slice;
    if (at < end && !c->first_byte) c->first_byte = now;
    if (c->framing == CHUNKED) {
        while ((slice = chunked_next(&c->chunked, &at, end, &len))) payload(c, slice, len, now);
        if (c->chunked.state == CH_BAD) return over(c, FAILED, "bad chunk");
        if (c->chunked.state == CH_DONE) over(c, COMPLETE, NULL);
        return;
    }
    payload(c, at, (size_t)(end - at), now);
    if (c->framing == TO_END) return;
    c->body_left -= (uint64_t)(end - at) < c->body_left ? (uint64_t)(end - at) : c->body_left;
    if (!c->body_left) over(c, COMPLETE, NULL);
}

static void read_head(struct client *c, const char *data, size_t n, uint64_t now) {
    size_t before = c->head_len, take = n < sizeof c->head - 1 - before ? n : sizeof c->head - 1 - before;
    memcpy(c->head + before, data, take);
    c->head[c->head_len += take] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) {
        if (take < n) over(c, FAILED, "head too long");
        return;
    }
    end[2] = 0;
    c->status = atoi(c->head + 9);
    const char *te = header(c->head, "\r\ntransfer-encoding:"), *length = header(c->head, "\r\ncontent-length:");
    const char *connection = header(c->head, "\r\nconnection:"), *received = header(c->head, "\r\nx-bench-received:");
    c->framing = te ? CHUNKED : length ? SOLID : TO_END;
    c->body_left = length ? strtoull(length, NULL, 10) : 0;
    c->received = received ? strtoull(received, NULL, 10) : 0;
    c->parting = connection && !strncasecmp(connection, "close", 5);
    c->phase = READING;
    if (c->status != 200) return over(c, FAILED, "status");
    body(c, data + ((size_t)(end + 4 - c->head) - before), data + n, now);
}

void client_event(struct client *c, int epoll_fd, int port, uint32_t events) {
    if (c->phase == COMPLETE) { /* an idle connection was closed */
        close(c->fd);
        c->fd = -1;
        return;
    }
    if (c->phase == GONE) {
        epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
        return;
    }
    if (c->phase == CONNECTING && events & EPOLLOUT) c->phase = SENDING;
    if (events & EPOLLOUT && c->phase == SENDING) transmit(c, epoll_fd);
    if (c->paused && events & (EPOLLHUP | EPOLLERR)) return over(c, FAILED, "closed while it did not read");
    if (c->paused || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
    uint64_t now = now_ns();
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) return c->phase == READING ? body(c, buffer, buffer + n, now) : read_head(c, buffer, (size_t)n, now);
    if (n == 0 && c->phase == READING && c->framing == TO_END) return over(c, COMPLETE, NULL);
    const char *failure = c->phase == CONNECTING ? "connect" : c->phase == READING ? "truncated" : "no answer";
    bool again = c->reused && !c->head_len;
    over(c, FAILED, failure);
    if (again) retries++, client_open(c, epoll_fd, port);
}

void client_pause(struct client *c, int epoll_fd) {
    struct epoll_event e = {.events = 0, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
    c->paused = true;
}

void client_leave(struct client *c, bool by_reset, bool half_close) {
    struct linger linger = {.l_onoff = 1};
    if (by_reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    else if (!half_close) /* closing with bytes unread would send a reset */
        while (recv(c->fd, buffer, sizeof buffer, 0) > 0) continue;
    c->left = now_ns();
    if (half_close && !by_reset) {
        shutdown(c->fd, SHUT_WR);
    } else {
        close(c->fd);
        c->fd = -1;
    }
    c->phase = GONE;
}

char *ask_upstream(int port) {
    static const char request[] = "GET /bench/report HTTP/1.1\r\nhost: upstream\r\n\r\n";
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t len = 0, room = 1 << 18;
    char *text = calloc(1, room + 1), *end;
    if (!text || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("upstream");
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) die("upstream");
    for (ssize_t n; (n = recv(fd, text + len, room - len, 0)) > 0;) {
        text[len += (size_t)n] = 0;
        const char *length = (end = strstr(text, "\r\n\r\n")) ? header(text, "\r\ncontent-length:") : NULL;
        if (length && len >= (size_t)(end + 4 - text) + strtoull(length, NULL, 10)) break;
    }
    close(fd);
    end = strstr(text, "\r\n\r\n");
    memmove(text, end ? end + 4 : text + len, strlen(end ? end + 4 : text + len) + 1);
    return text;
}
