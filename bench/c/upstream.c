/* The upstream of the benchmark: one thread, epoll, HTTP/1.1 keep-alive, every event of a stream in its own send().
 *
 * A request says in its x-bench header what it wants:
 *     json                                    a small answer (default)
 *     stream;n=500;us=50000;size=180;hold=1   n deltas of `size` bytes, one every `us` microseconds (0: at full
 *                                             speed), each with the time of its sending; hold: then silence
 *     mute                                    no answer, ever
 * and id=7 in any of them makes its end known: GET /bench/report lists "requests N", then one line
 * "ID open|left|done TIME_NS BYTES_SENT" for each. "left" is a peer gone before its answer was complete.
 * Usage: upstream PORT (0 chooses one). Prints the port. */
#include "upstream.h"

static const char *const FATES[] = {"open", "left", "done"};
static int epoll_fd;
static uint64_t requests;
static struct record records[1 << 16];
static size_t record_count;
static char scratch[1 << 18], filler[1 << 16];

static void want(struct conn *c, uint32_t interest) {
    if (c->interest == interest) return;
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | interest, .data.ptr = c};
    if (epoll_ctl(epoll_fd, c->interest == UINT32_MAX ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &e) < 0) die("epoll_ctl");
    c->interest = interest;
}

static void settle(struct conn *c, enum fate fate) {
    if (c->record) c->record->fate = fate, c->record->at = now_ns();
    c->record = NULL;
}

static void drop(struct conn *c) {
    settle(c, LEFT);
    heap_remove(c);
    close(c->fd);
    free(c->out);
    free(c);
}

static void piece(struct conn *c, const char *text, size_t len, bool framed) {
    if (c->out_room < len + 32) c->out = realloc(c->out, c->out_room = len + 4096);
    if (!c->out) die("realloc");
    size_t at = framed ? (size_t)sprintf(c->out, "%zx\r\n", len) : 0;
    memcpy(c->out + at, text, len);
    if (framed) memcpy(c->out + at + len, "\r\n", 2);
    c->out_off = 0;
    c->out_len = at + len + (framed ? 2 : 0);
}

static void delta(struct conn *c) {
    size_t start = strlen(c->dialect->delta_start), end = strlen(c->dialect->delta_end), fixed = start + end + STAMP_DIGITS + 1;
    size_t fill = c->size > fixed ? c->size - fixed : 0;
    memcpy(scratch, c->dialect->delta_start, start);
    int stamp = sprintf(scratch + start, "@%0*llu", STAMP_DIGITS, (unsigned long long)now_ns());
    memcpy(scratch + start + stamp, filler, fill);
    memcpy(scratch + start + (size_t)stamp + fill, c->dialect->delta_end, end);
    piece(c, scratch, fixed + fill, true);
}

static size_t report(char *text, size_t room) {
    size_t at = (size_t)snprintf(text, room, "requests %llu\n", (unsigned long long)requests);
    for (size_t i = 0; i < record_count && at + 100 < room; i++) {
        const struct record *r = &records[i];
        at += (size_t)snprintf(text + at, room - at, "%llu %s %llu %llu\n", (unsigned long long)r->id, FATES[r->fate],
                               (unsigned long long)r->at, (unsigned long long)r->sent);
    }
    return at;
}

/* Puts the next piece of the answer into c->out, or says why there is none. */
static enum next compose(struct conn *c) {
    static char text[1 << 17], whole[(1 << 17) + 512];
    uint64_t step = c->step;
    if (c->kind == MUTE) return NEVER;
    if (c->kind == JSON || c->kind == REPORT) {
        if (c->step++) return END;
        if (c->kind == REPORT) report(text, sizeof text);
        const char *body = c->kind == REPORT ? text : c->dialect->json;
        int len = snprintf(whole, sizeof whole, SOLID_HEAD, c->kind == REPORT ? "text/plain" : "application/json",
                           (unsigned long long)c->received, strlen(body), body);
        piece(c, whole, (size_t)len, false);
        return READY;
    }
    if (step == 0) {
        piece(c, STREAM_HEAD, sizeof STREAM_HEAD - 1, false);
        c->step++;
        return READY;
    }
    step--;
    for (int i = 0; c->dialect->before[i]; i++, step--)
        if (step == 0) {
            piece(c, c->dialect->before[i], strlen(c->dialect->before[i]), true);
            c->step++;
            return READY;
        }
    if (step < c->n) {
        c->due = c->began + (step + 1) * c->us * 1000;
        if (c->us && c->due > now_ns()) return LATER;
        delta(c);
        c->step++;
        return READY;
    }
    if (c->hold) return NEVER;
    c->step++;
    const char *const *after = c->dialect->after;
    for (step -= c->n; step && *after; step--) after++;
    if (*after) piece(c, *after, strlen(*after), true);
    else if (step == 0) piece(c, "0\r\n\r\n", 5, false);
    else return END;
    return READY;
}

/* Sends until there is nothing to send, the peer takes no more, or others should have a turn. */
static void push(struct conn *c) {
    for (int turn = 0; turn < 64; turn++) {
        if (c->out_off == c->out_len) {
            enum next next = compose(c);
            if (next == LATER) {
                heap_add(c);
            } else if (next == END) {
                settle(c, DONE);
                c->state = HEAD;
                c->head_len = 0;
            }
            if (next != READY) {
                want(c, 0);
                return;
            }
        }
        ssize_t n = send(c->fd, c->out + c->out_off, c->out_len - c->out_off, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return drop(c);
        if (n < 0) break;
        c->out_off += (size_t)n;
        if (c->record) c->record->sent += (uint64_t)n;
    }
    want(c, EPOLLOUT);
}

static void begin(struct conn *c) { /* a head is complete */
    const char *bench = header(c->head, "\r\nx-bench:"), *te = header(c->head, "\r\ntransfer-encoding:");
    const char *length = header(c->head, "\r\ncontent-length:"), *line_end = strstr(c->head, "\r\n");
    const char *chat = strstr(c->head, "/chat/completions");
    c->dialect = chat && chat < line_end ? &OPENAI : &ANTHROPIC;
    c->kind = !strncmp(c->head, "GET /bench/report", 17) ? REPORT : JSON;
    if (bench && !strncmp(bench, "stream", 6)) c->kind = STREAM;
    if (bench && !strncmp(bench, "mute", 4)) c->kind = MUTE;
    c->n = parameter(bench, ";n=", 0);
    c->us = parameter(bench, ";us=", 0);
    c->size = parameter(bench, ";size=", 180);
    if (c->size > sizeof filler) c->size = sizeof filler;
    c->hold = parameter(bench, ";hold=", 0);
    uint64_t id = parameter(bench, ";id=", 0);
    if (c->kind != REPORT) requests++;
    if (id && record_count < sizeof records / sizeof *records) {
        c->record = &records[record_count++];
        *c->record = (struct record){.id = id};
    }
    c->is_chunked = te && !strncasecmp(te, "chunked", 7);
    c->chunked = (struct chunked){0};
    c->body_left = length ? strtoull(length, NULL, 10) : 0;
    c->received = c->step = 0;
    c->out_off = c->out_len = 0;
    c->state = BODY;
}

static void body(struct conn *c, const char *at, const char *end) {
    size_t len;
    if (c->is_chunked) {
        while (chunked_next(&c->chunked, &at, end, &len)) c->received += len;
        if (c->chunked.state == CH_BAD) return drop(c);
    } else {
        c->received += (uint64_t)(end - at);
        c->body_left -= (uint64_t)(end - at) < c->body_left ? (uint64_t)(end - at) : c->body_left;
    }
    if (c->is_chunked ? c->chunked.state != CH_DONE : c->body_left != 0) return;
    c->state = ANSWER;
    c->began = now_ns();
    push(c);
}

static void readable(struct conn *c, uint32_t events) {
    if (c->state == ANSWER && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) return drop(c);
    ssize_t n = recv(c->fd, scratch, sizeof scratch, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || c->state == ANSWER) return drop(c); /* gone; or speaks before it was answered, as nobody here does */
    if (c->state == BODY) return body(c, scratch, scratch + n);
    size_t take = (size_t)n < sizeof c->head - 1 - c->head_len ? (size_t)n : sizeof c->head - 1 - c->head_len;
    memcpy(c->head + c->head_len, scratch, take);
    c->head[c->head_len + take] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    size_t before = c->head_len;
    c->head_len += take;
    if (!end && take < (size_t)n) drop(c); /* a head over 8 kB */
    if (!end) return;
    size_t of_head = (size_t)(end + 4 - c->head) - before;
    end[2] = 0;
    begin(c);
    body(c, scratch + of_head, scratch + n);
}

static void welcome(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct conn *c = calloc(1, sizeof *c);
        if (!c) die("calloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->fd = fd;
        c->heap_at = -1;
        c->interest = UINT32_MAX;
        want(c, 0);
    }
}

int main(int argc, char **argv) {
    if (argc > 2 || (argc == 2 && strspn(argv[1], "0123456789") != strlen(argv[1])))
        return fprintf(stderr, "upstream: the only argument is a port; see the top of upstream.c\n"), 2;
    settle_in();
    memset(filler, 'x', sizeof filler);
    struct sockaddr_in address = loopback(argc > 1 ? atoi(argv[1]) : 0);
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 4096) < 0) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &len);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event events[512];
    for (;;) {
        int n = wait_events(epoll_fd, events, 512, heap_len ? heap[0]->due : now_ns() + 1000 * MS);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (!c) welcome(listener);
            else if (events[i].events & ~(uint32_t)EPOLLOUT) readable(c, events[i].events);
            else push(c);
        }
        for (uint64_t now = now_ns(); heap_len && heap[0]->due <= now;) {
            struct conn *c = heap[0];
            heap_remove(c);
            push(c);
        }
    }
}
