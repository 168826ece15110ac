use super::*;

#[test]
fn every_request_gets_the_smallest_class_that_holds_it() {
    for bytes in 0..=MEDIUM_MAX {
        let class = Class::of(bytes).expect("a class");
        assert!(class.block() >= bytes);
        assert_eq!(class == Class::ZERO, bytes == 0);
        if class.index() > 0 && bytes > 0 {
            let below = Class::from_index(class.byte() - 1).expect("a class");
            assert!(below.block() < bytes, "{bytes} fits {}", below.block());
        }
        assert!(class.records(class.block() - bytes));
    }
    assert!(Class::of(MEDIUM_MAX + 1).is_none());
}

#[test]
fn zones_hold_what_the_layout_says() {
    for class in Class::all() {
        let layout = class.layout();
        let bytes = size(layout.granules) * GRANULE;
        let (block, blocks) = (size(layout.block), size(layout.blocks));
        assert!(blocks * block <= bytes && bytes < (blocks + 1) * block);
        assert!(block > SMALL_MAX || blocks >= 100);
        assert!(size(layout.words) * WINDOW >= blocks && layout.words <= 64);
        assert!(block % MIN_ALIGN == 0);
    }
}

#[test]
fn reciprocal_tells_index_and_exactness_for_every_offset() {
    for class in Class::all() {
        let layout = class.layout();
        let bytes = size(layout.granules) * GRANULE;
        for offset in 0..bytes {
            let (index, rest) = crate::ptr::widening_mul(wide(offset), layout.reciprocal);
            assert_eq!(index, wide(offset / class.block()));
            assert_eq!(rest < layout.reciprocal, offset % class.block() == 0);
        }
    }
}

#[test]
fn aligned_classes_are_aligned_and_record_their_slack() {
    for log in 4..=15 {
        let align = 1 << log;
        for bytes in (0..=MEDIUM_MAX).step_by(7) {
            let Some(class) = Class::aligned(bytes, align) else { continue };
            assert!(class.block() % align == 0 && class.block() >= bytes);
            assert!(class.records(class.block() - bytes));
        }
        assert!(Class::aligned(1, align).is_some());
    }
    assert!(Class::aligned(1, 1 << 16).is_none());
}

#[test]
fn aligned_requests_get_the_smallest_class_that_is_aligned() {
    for log in 4..=15 {
        let align = 1 << log;
        for bytes in (5..=MEDIUM_MAX).step_by(3) {
            let fits = |class: &Class| class.block().is_multiple_of(align) && class.block() >= bytes;
            assert_eq!(Class::aligned(bytes, align), Class::all().find(fits), "{bytes} bytes at {align}");
        }
    }
    // Smaller ones cannot record 255 bytes of slack.
    assert_eq!(Class::aligned(1, 256).map(Class::block), Some(512));
}

#[test]
fn small_aligned_requests_are_told_quickly() {
    for log in 5..64 {
        let align = 1 << log;
        for bytes in 0..=SMALL_MAX + 1 {
            let class = Class::aligned(bytes.max(1), align);
            let Some(room) = Class::aligned_small(bytes, align) else {
                assert!(bytes == 0 || log > 7 || class.is_none_or(|class| class.block() > SMALL_MAX));
                continue;
            };
            assert_eq!(Class::of(room), class, "{bytes} bytes at {align}");
            assert!(bytes > 0 && class.is_some_and(|class| class.records_in_state(bytes) && class.has_states()));
        }
    }
    assert!([SMALL_MAX + 1, usize::MAX].iter().all(|&bytes| Class::aligned_small(bytes, 32).is_none()));
}

#[test]
fn metadata_stays_in_its_budget() {
    for class in Class::all() {
        let layout = class.layout();
        let zone = size(layout.granules) * GRANULE;
        assert!(size(layout.chunk) + 128 <= 2 * size(layout.blocks) + zone / 100);
    }
}
