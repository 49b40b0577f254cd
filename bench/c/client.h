/* One client of the load generator: sends a prepared request, counts what comes back, knows how it ended. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H
#include "common.h"

enum phase { UNBORN, CONNECTING, SENDING, AWAITING, READING, COMPLETE, FAILED, GONE };
enum framing { SOLID, CHUNKED, TO_END };
struct client {
    int fd;
    enum phase phase;
    bool paused;      /* does not read */
    bool reused;      /* this request is not the first on its connection */
    bool parting;     /* the server said connection: close */
    bool unwatched;   /* its latencies are not counted */
    int status, receive_buffer;
    const char *failure;
    char *request;
    size_t request_len, sent, stop_at; /* stop_at: falls silent after so many bytes of the request */
    size_t nonce_at, body_len;
    enum framing framing;
    struct chunked chunked;
    uint64_t body_left, id, same; /* same: the number in all of its requests; 0: a new one in each */
    uint64_t began, first_byte, ended, left, received; /* received: bytes of the body that the upstream says it got */
    uint64_t events, bytes, stamp;
    int newlines, digits;
    size_t head_len;
    char head[4096];
};

struct order { /* of a request */
    const char *path, *bench, *file; /* file: holds the whole request, head and body; NULL: it is made up */
    size_t body; /* bytes of filler in it */
    bool chunked, wants_stream;
};

struct samples {
    uint64_t *values;
    size_t len, room;
};

extern struct samples latencies; /* ns from the sending of an event to its receipt */
extern uint64_t retries;         /* requests sent again, their idle connection having been closed */

void sample(struct samples *s, uint64_t value);
double percentile(struct samples *s, double p); /* sorts; 0 if there are none */
void client_prepare(struct client *c, const struct order *order);
void client_open(struct client *c, int epoll_fd, int port);
void client_again(struct client *c, int epoll_fd, int port); /* another request, on the same connection if it lives */
void client_event(struct client *c, int epoll_fd, int port, uint32_t events);
void client_pause(struct client *c, int epoll_fd); /* stops reading */
void client_leave(struct client *c, bool by_reset, bool half_close);
char *ask_upstream(int port); /* GET /bench/report, blocking; to be freed */
#endif
