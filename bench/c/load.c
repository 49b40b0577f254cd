/* The load generator of the benchmark: one thread, epoll. Prints one JSON object.
 *
 * Usage: load MODE name=value ...
 *     req    conns=32 ms=3000: closed loop; every connection asks again as soon as it is answered
 *     each   conns=100 spacing_us=5000: every client asks once, one after the other starting
 *     idle   ...: as each; prints "held" once all have a first event, holds for hold_ms, leaves
 *     leave  ...: once all are in the phase that bench= and the options below make, they leave, gap_us apart
 *     stall  ...: stops reading for hold_ms, then leaves
 * Options: port= control= (the upstream's own) path= bench= (see upstream.c) body= (bytes of filler) chunked=1
 * limit_ms= (what is open then counts as unfinished) pause_after= (reads so many bytes of the body, then no more)
 * receive_buffer= stop_at= (sends so many bytes of the request, then no more) settle_ms= reset=1 half_close=1
 * same= (a number: all requests are the same, and differ from those of another number) watch= (so many of the clients
 * are asked about latencies; 0: all) slack= (bytes by which the upload may differ, for a peer that edits)
 * request=FILE (is sent as it is, but for a number in the place of its first twelve zeros; it names path and bench= itself) */
#include "client.h"

static struct {
    const char *name;
    long value;
} options[] = {{"port", 0}, {"control", 0}, {"conns", 1}, {"ms", 1000}, {"spacing_us", 0}, {"body", 200}, {"chunked", 0},
               {"limit_ms", 60000}, {"hold_ms", 2000}, {"settle_ms", 700}, {"gap_us", 20000}, {"pause_after", 0},
               {"receive_buffer", 0}, {"stop_at", 0}, {"reset", 0}, {"half_close", 0}, {"same", 0},
               {"watch", 0}, {"slack", 0}};
static const char *path = "/v1/messages", *bench = "json", *file, *mode, *failure = "";
static struct client *clients;
static int epoll_fd, port;
static long conns, opened, done, failed, seen_first;
static uint64_t events, bytes, expected_events, began, last_end, asked_until, pause_after;
static struct samples first_bytes, durations, departures;

static long option(const char *name) {
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!strcmp(options[i].name, name)) return options[i].value;
    abort();
}

static void set_option(const char *text) {
    const char *equals = strchr(text, '=');
    if (equals && !strncmp(text, "path=", 5)) path = equals + 1;
    else if (equals && !strncmp(text, "bench=", 6)) bench = equals + 1;
    else if (equals && !strncmp(text, "request=", 8)) file = equals + 1;
    else {
        for (size_t i = 0; equals && i < sizeof options / sizeof *options; i++)
            if (strlen(options[i].name) == (size_t)(equals - text) && !strncmp(text, options[i].name, (size_t)(equals - text))) {
                options[i].value = atol(equals + 1);
                return;
            }
        fprintf(stderr, "load: no such option: %s\n", text);
        exit(2);
    }
}

static void ended(struct client *c) {
    bool is_json = !strncmp(bench, "json", 4);
    if (c->phase == COMPLETE && expected_events && c->events != expected_events) c->phase = FAILED, c->failure = "events are missing";
    bool uploaded = labs((long)c->received - (long)c->body_len) <= option("slack");
    if (c->phase == COMPLETE && is_json && !uploaded) c->phase = FAILED, c->failure = "upload is cut short";
    events += c->events;
    bytes += c->bytes;
    last_end = c->ended;
    if (c->phase == FAILED) {
        failed++;
        failure = c->failure;
    } else {
        done++;
        sample(&durations, c->ended - c->began);
    }
    if (asked_until && c->ended < asked_until && failed < 1000) client_again(c, epoll_fd, port);
}

/* Starts those whose time has come, moves bytes until `until` or until nothing is left to do. */
static void spin(uint64_t until) {
    static struct epoll_event ready[512];
    uint64_t spacing = (uint64_t)option("spacing_us") * 1000;
    while (done + failed < conns || asked_until) {
        uint64_t now = now_ns(), next = opened < conns ? began + (uint64_t)opened * spacing : until;
        if (now >= until) return;
        if (now >= next) {
            client_open(&clients[opened], epoll_fd, port);
            if (clients[opened++].phase == FAILED) ended(&clients[opened - 1]);
            continue;
        }
        int n = wait_events(epoll_fd, ready, 512, next < until ? next : until);
        for (int i = 0; i < n; i++) {
            struct client *c = ready[i].data.ptr;
            bool was_over = c->phase >= COMPLETE, had_first = c->first_byte != 0;
            client_event(c, epoll_fd, port, ready[i].events);
            if (!had_first && c->first_byte) sample(&first_bytes, c->first_byte - c->began), seen_first++;
            if (!was_over && (c->phase == COMPLETE || c->phase == FAILED)) ended(c);
            else if (pause_after && !c->paused && c->bytes >= pause_after) client_pause(c, epoll_fd);
        }
    }
}

static uint64_t in_ms(const char *name) { return now_ns() + (uint64_t)option(name) * MS; }

static void hold(void) {
    uint64_t limit = in_ms("limit_ms");
    while (now_ns() < limit && (opened < conns || seen_first < conns - failed)) spin(now_ns() + 20 * MS);
    printf("held\n");
    fflush(stdout);
    spin(in_ms("hold_ms"));
}

struct fate {
    char word[8];
    unsigned long long at, sent;
};

static bool fate_of(const char *report, const struct client *c, struct fate *fate) {
    char key[32];
    snprintf(key, sizeof key, "\n%llu ", (unsigned long long)c->id);
    const char *line = strstr(report, key);
    return line && sscanf(line + strlen(key), "%7s %llu %llu", fate->word, &fate->at, &fate->sent) == 3;
}

static void leave(void) {
    long absent = 0, ran_on = 0, elsewhere = 0, moving = 0, open = 1;
    struct fate fate, earlier;
    uint64_t limit = in_ms("limit_ms");
    while (opened < conns && now_ns() < limit) spin(now_ns() + 5 * MS);
    spin(in_ms("settle_ms"));
    char *before = ask_upstream((int)option("control")), *report = NULL;
    spin(now_ns() + 100 * MS);
    char *at_leaving = ask_upstream((int)option("control"));
    for (long i = 0; i < conns; i++) {
        struct client *c = &clients[i];
        if (fate_of(before, c, &earlier) && fate_of(at_leaving, c, &fate)) moving += fate.sent > earlier.sent;
        spin(now_ns() + (uint64_t)option("gap_us") * 1000);
        if (c->phase >= COMPLETE || c->phase < SENDING) elsewhere++;
        else client_leave(c, option("reset"), option("half_close"));
    }
    for (uint64_t until = now_ns() + 3000 * MS; open && now_ns() < until;) {
        free(report);
        usleep(100000);
        report = ask_upstream((int)option("control"));
        open = 0;
        for (long i = 0; i < conns; i++) open += fate_of(report, &clients[i], &fate) && !strcmp(fate.word, "open");
    }
    for (long i = 0; i < conns; i++) {
        struct client *c = &clients[i];
        if (c->phase != GONE) continue;
        if (!fate_of(report, c, &fate)) absent++;
        else if (strcmp(fate.word, "left")) ran_on++;
        else if (fate.at < c->left) elsewhere++;
        else sample(&departures, fate.at - c->left);
    }
    printf("{\"left\":%ld,\"noticed\":%zu,\"ran_on\":%ld,\"never_upstream\":%ld,\"out_of_phase\":%ld,\"still_moving\":%ld,"
           "\"departure_p50_us\":%.1f,\"departure_max_us\":%.1f}\n",
           conns, departures.len, ran_on, absent, elsewhere, moving, percentile(&departures, 0.5) / 1e3, percentile(&departures, 1) / 1e3);
}

static void stall(void) {
    struct fate fate, earlier;
    double pulled = 0;
    long moving = 0;
    spin(in_ms("hold_ms"));
    char *before = ask_upstream((int)option("control"));
    spin(now_ns() + 200 * MS);
    char *report = ask_upstream((int)option("control"));
    for (long i = 0; i < conns; i++) {
        if (!fate_of(report, &clients[i], &fate) || !fate_of(before, &clients[i], &earlier)) continue;
        pulled += (double)fate.sent / 1e6;
        moving += fate.sent > earlier.sent;
    }
    printf("{\"failed\":%ld,\"pulled_mb\":%.3f,\"still_moving\":%ld}\n", failed, pulled / (double)conns, moving);
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "load: a mode is missing; see the top of load.c\n"), 2;
    settle_in();
    alarm(120); /* whatever happens */
    mode = argv[1];
    for (int i = 2; i < argc; i++) set_option(argv[i]);
    conns = option("conns");
    port = (int)option("port");
    pause_after = (uint64_t)option("pause_after");
    bool streams = !strncmp(bench, "stream", 6), departs = !strcmp(mode, "leave") || !strcmp(mode, "stall");
    struct order order = {.path = path, .bench = bench, .file = file, .body = (size_t)option("body"),
                          .chunked = option("chunked"), .wants_stream = streams};
    if (streams) expected_events = parameter(bench, ";n=", 0) + (strstr(path, "chat/completions") ? 4 : 5);
    if (!(clients = calloc((size_t)conns, sizeof *clients))) die("calloc");
    for (long i = 0; i < conns; i++) {
        if (departs) clients[i].id = (uint64_t)getpid() * 10000 + (uint64_t)i;
        clients[i].stop_at = (size_t)option("stop_at");
        clients[i].same = (uint64_t)option("same");
        clients[i].unwatched = option("watch") && i >= option("watch");
        clients[i].receive_buffer = (int)option("receive_buffer");
        client_prepare(&clients[i], &order);
    }
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    began = now_ns();
    if (!strcmp(mode, "leave")) return leave(), 0;
    if (!strcmp(mode, "stall")) return stall(), 0;
    if (!strcmp(mode, "req")) spin(asked_until = began + (uint64_t)option("ms") * MS);
    else if (!strcmp(mode, "idle")) hold();
    else if (!strcmp(mode, "each")) spin(in_ms("limit_ms"));
    else return fprintf(stderr, "load: no such mode: %s\n", mode), 2;
    double seconds = (double)((!asked_until && done + failed == conns ? last_end : now_ns()) - began) / 1e9;
    for (long i = 0; i < conns; i++)
        if (clients[i].phase < COMPLETE) events += clients[i].events, bytes += clients[i].bytes;
    printf("{\"done\":%ld,\"failed\":%ld,\"unfinished\":%ld,\"failure\":\"%s\",\"retries\":%llu,\"seconds\":%.6f,\"events\":%llu,"
           "\"deltas\":%zu,\"bytes\":%llu,\"latency_p50_us\":%.1f,\"latency_p99_us\":%.1f,\"latency_max_us\":%.1f,"
           "\"ttfb_p50_us\":%.1f,\"ttfb_p99_us\":%.1f,\"duration_p50_us\":%.1f,\"duration_p99_us\":%.1f}\n",
           done, failed, asked_until ? 0 : conns - done - failed, failure, (unsigned long long)retries, seconds,
           (unsigned long long)events, latencies.len, (unsigned long long)bytes, percentile(&latencies, 0.5) / 1e3,
           percentile(&latencies, 0.99) / 1e3, percentile(&latencies, 1) / 1e3, percentile(&first_bytes, 0.5) / 1e3,
           percentile(&first_bytes, 0.99) / 1e3, percentile(&durations, 0.5) / 1e3, percentile(&durations, 0.99) / 1e3);
    return 0;
}
