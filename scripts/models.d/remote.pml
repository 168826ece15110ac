/* The protocol of src/remote.rs, thread end and adoption, for FREERS freeing threads: every state (scripts/models).
 *
 * Each process is one thread, each d_step or line one atomic operation; memory is sequentially consistent, which is what
 * the orderings in the code promise for these steps (loom checks them on the code). A zone has BLOCKS blocks. Freers free
 * them from elsewhere, some twice at the same moment; the owner collects, ends, and an adopter takes the zone from central
 * and frees block 0 itself if it can. Threads that go on visit their inbox in the end.
 *
 * Asserted: a block is never handed out twice or collected twice; of the frees of a block exactly one is accepted, each
 * other one reported; in the end every block freed is free and nothing is in an inbox.
 */
#ifndef FREERS
#define FREERS 3
#endif
#define BLOCKS 2
#define OWNERS 3      /* whose inbox a zone can be in */
#define OWNER 0       /* the thread that has the zone first */
#define ADOPTER 1     /* the thread that takes it from central */
#define CENTRAL 2

bool freed[BLOCKS];   /* the state byte is FREED */
bool avail[BLOCKS];   /* the bit in `free` */
bool shared;          /* the mark in the owner's cell */
byte owner = OWNER;   /* the owner's cell */
bool posted;          /* the zone's `posted` */
bool inbox[OWNERS];   /* whether the zone is in the inbox; one zone, so no list */
bool closed[OWNERS];
bool mutex;           /* central's */

byte calls[BLOCKS];    /* calls of free begun */
byte accepted[BLOCKS]; /* of these, accepted at the call */
byte reported[BLOCKS]; /* reported at the call, or at collection */
byte collected[BLOCKS];
byte ended;            /* processes that are through, but for the adopter */
bool adopted;

inline take_lock() { atomic { !mutex; mutex = true } }
inline drop_lock() { mutex = false }

/* remote::post: of the one who turns `posted` to 1 the zone gets into an inbox; a closed one means the owner is new. */
inline post(to, old) {
    if
    :: posted
    :: else ->
        d_step { old = posted; posted = true }
        do
        :: old -> break
        :: else ->
            to = owner;
            atomic {
                if
                :: closed[to]
                :: else -> assert(!inbox[to]); inbox[to] = true; old = true
                fi
            }
        od
    fi
}

/* Zone::collect, a block at a time: first the bit, then the state byte. */
inline collect(k) {
    k = 0;
    do
    :: k == BLOCKS -> break
    :: else ->
        if
        :: freed[k] ->
            if
            :: avail[k] -> d_step { assert(accepted[k] > 1); accepted[k]--; reported[k]++ }
            :: else -> d_step { avail[k] = true; collected[k]++; assert(collected[k] == 1) }
            fi;
            freed[k] = false
        :: else
        fi;
        k++
    od
}

/* A visit to the inbox. */
inline visit(me, k, to, old, had) {
    d_step { had = inbox[me]; inbox[me] = false }
    if
    :: had ->
        posted = false;
        if
        :: owner == me -> collect(k)
        :: else -> post(to, old)
        fi
    :: else
    fi
}

/* free by a thread that does not own the zone. */
inline free_remotely(k, to, old) {
    calls[k]++;
    if
    :: freed[k] -> reported[k]++
    :: else ->
        if
        :: avail[k] -> reported[k]++
        :: else ->
            shared = true;
            d_step {
                old = freed[k];
                freed[k] = true;
                if
                :: old -> reported[k]++
                :: else -> accepted[k]++
                fi
            }
            if
            :: old
            :: else -> post(to, old)
            fi
        fi
    fi
}

/* free by the owner: alone it looks at the bit only, and nobody else sets one. */
inline free_own(k, old) {
    calls[k]++;
    old = shared;
    if
    :: old -> old = freed[k]
    :: else
    fi;
    if
    :: old -> reported[k]++
    :: else ->
        if
        :: avail[k] -> reported[k]++
        :: else -> d_step { avail[k] = true; accepted[k]++; collected[k]++; assert(collected[k] == 1) }
        fi
    fi
}

proctype Freer(byte nth) {
    byte to, k; bool old;
    k = nth % BLOCKS; /* so that block 0 is freed by two of three */
    free_remotely(k, to, old);
    ended++
}

proctype First() {
    byte to, k; bool old, had;
    visit(OWNER, k, to, old, had);
    /* The thread ends. */
    take_lock();
    owner = CENTRAL;
    d_step { had = inbox[OWNER]; inbox[OWNER] = false; closed[OWNER] = true }
    if
    :: had -> posted = false; post(to, old)
    :: else
    fi;
    drop_lock();
    ended++
}

proctype Adopter() {
    byte to, k; bool old, had;
    take_lock();
    visit(CENTRAL, k, to, old, had);
    if
    :: owner == CENTRAL -> owner = ADOPTER; adopted = true
    :: else
    fi;
    drop_lock();
    if
    :: adopted -> free_own(0, old)
    :: else
    fi;
    visit(ADOPTER, k, to, old, had);
    /* When all is quiet: what threads that go on do in time. */
    ended == FREERS + 1;
    do
    :: inbox[CENTRAL] -> visit(CENTRAL, k, to, old, had)
    :: inbox[ADOPTER] -> visit(ADOPTER, k, to, old, had)
    :: else -> break
    od;
    assert(!posted && !inbox[OWNER]);
    for (k : 0 .. BLOCKS - 1) {
        assert(!freed[k]);
        assert(calls[k] == 0 || (avail[k] && accepted[k] == 1 && reported[k] == calls[k] - 1))
    }
}

init {
    byte nth;
    atomic {
        run First();
        run Adopter();
        for (nth : 0 .. FREERS - 1) { run Freer(nth) }
    }
}
