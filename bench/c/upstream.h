/* One connection of the upstream, and the heap of streams that wait for their time, the earliest first. */
#ifndef BENCH_UPSTREAM_H
#define BENCH_UPSTREAM_H
#include "answers.h"
#include "common.h"

enum state { HEAD, BODY, ANSWER };
enum kind { JSON, STREAM, MUTE, REPORT };
enum next { READY, LATER, NEVER, END };
enum fate { OPEN, LEFT, DONE };
struct record { /* of a request that gave an id */
    uint64_t id, at, sent;
    enum fate fate;
};
struct conn {
    int fd, heap_at;
    uint32_t interest;
    enum state state;
    enum kind kind;
    const struct dialect *dialect;
    bool is_chunked, hold;
    struct chunked chunked;
    uint64_t body_left, received, n, us, step, began, due;
    size_t size, head_len, out_len, out_off, out_room;
    struct record *record;
    char *out, head[8192];
};

static struct conn *heap[1 << 16];
static int heap_len;

static void heap_set(int at, struct conn *c) {
    heap[at] = c;
    c->heap_at = at;
}

static void heap_sift(int at) {
    struct conn *c = heap[at];
    for (; at > 0 && heap[(at - 1) / 2]->due > c->due; at = (at - 1) / 2) heap_set(at, heap[(at - 1) / 2]);
    for (int child; (child = 2 * at + 1) < heap_len; at = child) {
        if (child + 1 < heap_len && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[child]->due >= c->due) break;
        heap_set(at, heap[child]);
    }
    heap_set(at, c);
}

static void heap_add(struct conn *c) {
    heap_set(heap_len++, c);
    heap_sift(c->heap_at);
}

static void heap_remove(struct conn *c) {
    int at = c->heap_at;
    if (at < 0) return;
    c->heap_at = -1;
    if (at == --heap_len) return;
    heap_set(at, heap[heap_len]);
    heap_sift(at);
}
#endif
