//! Tests of central.

use super::*;

impl Central {
    /// The equation about spare zones.
    pub(crate) fn check_invariants(&self) {
        let bytes = self.spare().map(Zone::bytes).sum::<usize>();
        assert_eq!(bytes, self.spare_bytes);
        assert!(bytes <= self.most_spare);
    }
}

#[cfg(any(loom, shuttle))]
impl Orphans {
    /// Has a model checker keep the flag.
    pub(crate) fn watch(&self) {
        crate::sync::model::watch(&self.0);
    }
}

/// What central and the test own.
fn owners() -> (&'static Owner, &'static Owner) {
    (Box::leak(Box::new(Owner::new())), Box::leak(Box::new(Owner::new())))
}

/// Frees blocks of a zone from elsewhere.
fn free(zone: &'static Zone, blocks: core::ops::Range<usize>) {
    for index in blocks {
        assert!(zone.free_remotely(index));
        post(zone);
    }
}

/// A zone of central's, all blocks live.
fn full_zone(class: Class, central: &mut Central, owner: &'static Owner) -> &'static Zone {
    let zone = Zone::for_test(class, owner);
    zone.fill();
    central.give(zone, 0);
    zone
}

#[test]
fn zones_come_back_when_they_have_room() {
    for class in Class::all() {
        let (mut central, (own, taker)) = (Central::new(), owners());
        let zone = full_zone(class, &mut central, own);
        let (blocks, enough) = (zone.states().len(), (zone.states().len() / 8).max(1));
        let collect = |central: &mut Central| central.collect(own, &mut |_, _| panic!("no misuse"));
        free(zone, 0..enough - 1);
        collect(&mut central);
        assert!(central.take(class, taker).is_none(), "full zones are in no list");
        free(zone, enough - 1..enough);
        collect(&mut central);
        assert_eq!(central.available().count(), 1);
        let found = central.take(class, taker).expect("it has room");
        assert!(core::ptr::eq(found, zone) && zone.owner.is(taker) && zone.free_blocks() == enough);
        assert!(central.take(class, taker).is_none());
        // Back again, and wholly free.
        zone.owner.pass(own);
        central.give(zone, enough);
        assert_eq!(central.available().count(), 1);
        free(zone, enough..blocks);
        collect(&mut central);
        assert_eq!(central.available().count(), 0);
        central.check_invariants();
        central.release_spare();
        assert!(central.idle.pop().is_some_and(|idle| core::ptr::eq(idle, zone)));
    }
}

#[test]
fn wholly_free_zones_are_spare_as_long_as_they_are_few() {
    for class in Class::all() {
        let (mut central, (own, taker)) = (Central::new(), owners());
        let zones: Vec<_> = (0..200).map(|_| full_zone(class, &mut central, own)).collect();
        for &zone in &zones {
            free(zone, 0..zone.states().len());
            central.collect(own, &mut |_, _| panic!("no misuse"));
        }
        central.check_invariants();
        let (spare, idle) = (central.spare().count(), central.idle.iter().count());
        let is_small = class.has_states() && class != Class::ZERO;
        assert_eq!((spare + idle, spare), (zones.len(), if is_small { MOST_SPARE / zones[0].bytes() } else { 0 }));
        // Zones with live blocks come first.
        let used = full_zone(class, &mut central, own);
        free(used, 0..used.states().len() / 2);
        central.collect(own, &mut |_, _| panic!("no misuse"));
        assert!(central.take(class, taker).is_some_and(|zone| core::ptr::eq(zone, used)));
        let served: Vec<_> = core::iter::from_fn(|| central.take(class, taker)).collect();
        assert!(served.len() == spare && served.iter().all(|zone| zone.owner.is_alone(taker)));
        assert_eq!((central.spare().count(), central.spare_bytes), (0, 0));
        // Not those with canaries, and not those that the hardened mode has put away.
        zones[0].set_guarded();
        zones[1].shelve();
        for &zone in &zones[..2] {
            central.give(zone, zone.states().len());
            assert!(central.idle.first().is_some_and(|idle| core::ptr::eq(idle, zone)));
        }
        // Nor any where nothing is to wait.
        central.most_spare = 0;
        central.give(zones[2], zones[2].states().len());
        assert!(central.idle.first().is_some_and(|idle| core::ptr::eq(idle, zones[2])));
        assert_eq!(central.spare().count(), 0);
    }
}

#[test]
fn each_class_has_zones_of_its_own() {
    let (mut central, (own, taker)) = (Central::new(), owners());
    for class in Class::all() {
        let zone = full_zone(class, &mut central, own);
        free(zone, 0..zone.states().len() / 2);
    }
    central.collect(own, &mut |_, _| panic!("no misuse"));
    assert_eq!(central.available().count(), CLASSES);
    for class in Class::all() {
        assert_eq!(central.take(class, taker).expect("one each").class(), class);
        assert!(central.take(class, taker).is_none());
    }
}

#[test]
fn what_was_posted_to_a_thread_that_ends_is_posted_to_central() {
    let (mut central, (own, _)) = (Central::new(), owners());
    let cache = Cache::for_test();
    central.admit(cache);
    let class = Class::SMALLEST;
    let zone = Zone::for_test(class, &cache.owner);
    assert!(cache.start_zone(class, zone));
    zone.fill();
    free(zone, 0..10);
    central.take_over(cache, own);
    assert!(zone.owner.is(own) && zone.free_blocks() == 0);
    central.collect(own, &mut |_, _| panic!("no misuse"));
    assert_eq!(zone.free_blocks(), 10);
}

#[test]
fn posts_for_others_are_passed_on() {
    let (mut central, (own, taker)) = (Central::new(), owners());
    let zone = full_zone(Class::SMALLEST, &mut central, own);
    free(zone, 0..10);
    zone.owner.pass(taker);
    central.collect(own, &mut |_, _| panic!("no misuse"));
    assert_eq!(zone.free_blocks(), 0, "not central's any more");
    assert_eq!(taker.take_posted().count(), 1);
}

#[test]
fn blocks_freed_twice_are_told() {
    let (mut central, (own, _)) = (Central::new(), owners());
    let zone = full_zone(Class::SMALLEST, &mut central, own);
    // By its owner at the same moment: after the other thread has looked at the bit.
    zone.words()[1].set(1 << 3);
    central.give(zone, 1);
    free(zone, 67..68);
    let mut told = Vec::new();
    central.collect(own, &mut |zone, index| told.push((zone.address(), index)));
    assert_eq!(told, [(zone.address(), 67)]);
    assert_eq!(zone.check_invariants(), 0);
}

#[test]
fn caches_are_registered_and_parked() {
    let caches: Vec<&'static Cache> = (0..4).map(|_| &*Box::leak(Box::new(Cache::new()))).collect();
    let mut central = Central::new();
    let live = |central: &Central| central.live().map(core::ptr::from_ref).collect::<Vec<_>>();
    let of = |order: &[usize]| order.iter().map(|&nth| core::ptr::from_ref(caches[nth])).collect::<Vec<_>>();
    for cache in &caches {
        central.register(cache);
    }
    assert_eq!(live(&central), of(&[3, 2, 1, 0]));
    // In the middle, at the head, at the end, the last one.
    for (nth, left) in [(1, &[3, 2, 0][..]), (3, &[2, 0]), (0, &[2]), (2, &[])] {
        central.unregister(caches[nth]);
        assert_eq!(live(&central), of(left));
        central.park(caches[nth]);
    }
    let unparked: Vec<_> = core::iter::from_fn(|| central.unpark()).map(core::ptr::from_ref).collect();
    assert_eq!(unparked, of(&[2, 0, 3, 1]));
}
