/* What both programs share: the clock, sockets on loopback, and a reader of chunked framing. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull   /* nanoseconds */
#define STAMP_DIGITS 19 /* a time in an event's text: '@' and so many digits */

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

/* CLOCK_MONOTONIC is one clock for all processes of a machine: that is what makes one-way times possible. */
static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* Die with the runner, ignore broken pipes, take as many descriptors as allowed. */
static inline void settle_in(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static inline int wait_events(int epoll_fd, struct epoll_event *events, int room, uint64_t until_ns) {
    uint64_t now = now_ns(), wait = until_ns > now ? until_ns - now : 0;
    struct timespec t = {.tv_sec = (time_t)(wait / 1000000000ull), .tv_nsec = (long)(wait % 1000000000ull)};
    int n = epoll_pwait2(epoll_fd, events, room, &t, NULL);
    if (n < 0 && errno != EINTR) die("epoll_pwait2");
    return n < 0 ? 0 : n;
}

/* Chunked framing (RFC 9112, section 7.1), fed in pieces of any size. */
enum chunked_state { CH_SIZE, CH_EXT, CH_DATA, CH_CR, CH_LF, CH_TRAILER, CH_FIELD, CH_END, CH_DONE, CH_BAD };
struct chunked {
    enum chunked_state state;
    int digits;
    uint64_t left;
};

static inline int hex_digit(char b) {
    if (b >= '0' && b <= '9') return b - '0';
    b |= 0x20;
    return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* The next slice of payload, or NULL: input used up, body ended (CH_DONE) or garbled (CH_BAD). */
static inline const char *chunked_next(struct chunked *c, const char **at, const char *end, size_t *len) {
    while (*at < end && c->state != CH_DONE && c->state != CH_BAD) {
        char b = **at;
        int digit = hex_digit(b);
        if (c->state == CH_DATA) {
            const char *slice = *at;
            size_t have = (size_t)(end - slice);
            *len = have < c->left ? have : (size_t)c->left;
            *at += *len;
            c->left -= *len;
            if (!c->left) c->state = CH_CR;
            return slice;
        }
        ++*at;
        switch (c->state) {
        case CH_SIZE:
            if (digit >= 0) {
                c->left = c->left * 16 + (uint64_t)digit;
                c->state = ++c->digits > 15 ? CH_BAD : CH_SIZE;
            } else {
                c->state = c->digits && (b == '\r' || b == ';' || b == ' ') ? CH_EXT : CH_BAD;
            }
            break;
        case CH_EXT:
            if (b == '\n') c->state = c->left ? CH_DATA : CH_TRAILER;
            break;
        case CH_CR: c->state = b == '\r' ? CH_LF : CH_BAD; break;
        case CH_LF:
            *c = (struct chunked){.state = b == '\n' ? CH_SIZE : CH_BAD};
            break;
        case CH_TRAILER: c->state = b == '\r' ? CH_END : CH_FIELD; break;
        case CH_FIELD:
            if (b == '\n') c->state = CH_TRAILER;
            break;
        case CH_END: c->state = b == '\n' ? CH_DONE : CH_BAD; break;
        default: break;
        }
    }
    return NULL;
}

/* Value of a header in a head that ends with a NUL byte, or NULL. `name` looks like "\r\ncontent-length:". */
static inline const char *header(const char *head, const char *name) {
    const char *found = strcasestr(head, name);
    if (!found) return NULL;
    found += strlen(name);
    while (*found == ' ') found++;
    return found;
}

static inline uint64_t parameter(const char *text, const char *name, uint64_t otherwise) {
    const char *end = text ? strstr(text, "\r\n") : NULL, *found = text ? strstr(text, name) : NULL;
    return found && (!end || found < end) ? strtoull(found + strlen(name), NULL, 10) : otherwise;
}
#endif
