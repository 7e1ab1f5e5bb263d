//! Who is let in, counted on the board.

use super::board::Board;
use super::limits::{Admission, Refused};
use jackfield_config::LineLimits;
use jackfield_sandbox::Limit;
use std::net::IpAddr;
use std::sync::Arc;

fn board(connections: u32, per_address: u32, opening: u32) -> Arc<Board> {
    Arc::new(Board::new(LineLimits { connections, per_address, opening, ..LineLimits::default() }))
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[test]
fn there_is_room_again_when_one_has_gone() {
    let board = board(2, 5, 5);
    let first = Admission::new(&board).expect("there is room");
    let _second = Admission::new(&board).expect("there is room");
    assert_eq!(Admission::new(&board).err(), Some(Refused::Limit(Limit::Connections)));
    drop(first);
    assert!(Admission::new(&board).is_ok());
    assert_eq!((board.metrics().open, board.metrics().opening), (0, 1));
}

#[test]
fn those_that_open_are_counted_until_they_have() {
    let board = board(9, 9, 1);
    let mut first = Admission::new(&board).expect("there is room");
    assert_eq!(Admission::new(&board).err(), Some(Refused::Limit(Limit::ConnectionsOpening)));
    first.opened();
    first.opened();
    assert!(Admission::new(&board).is_ok());
    drop(first);
    assert_eq!((board.metrics().open, board.metrics().opening), (0, 0));
}

#[test]
fn an_address_is_one_however_it_is_written_and_until_its_peer_has_gone() {
    let board = board(9, 1, 9);
    let mut admissions: Vec<_> = (0..3).map(|_| Admission::new(&board).expect("there is room")).collect();
    assert_eq!(admissions[0].of(address(1), 0), Ok(()));
    let mapped = IpAddr::from("::ffff:192.0.2.1".parse::<std::net::Ipv6Addr>().expect("an address"));
    assert_eq!(admissions[1].of(mapped, 0), Err(Refused::Limit(Limit::ConnectionsPerAddress)));
    assert_eq!(admissions[1].of(address(2), 0), Ok(()));
    admissions[0].peer_gone();
    assert_eq!(admissions[2].of(mapped, 0), Ok(()));
    admissions.clear();
    assert_eq!(board.metrics().open, 0);
}

#[test]
fn who_kills_the_driver_three_times_waits_for_a_minute() {
    let board = board(9, 9, 9);
    let mut admission = Admission::new(&board).expect("there is room");
    for now in [1_000, 2_000, 3_000] {
        assert_eq!(admission.of(address(1), now), Ok(()));
        admission.peer_gone();
        board.census.lock().crashed(address(1), now);
    }
    assert_eq!(admission.of(address(1), 62_999), Err(Refused::Barred));
    assert_eq!(admission.of(address(2), 62_999), Ok(()));
    admission.peer_gone();
    assert_eq!(admission.of(address(1), 63_000), Ok(()));
}
