//! The facts of whole histories, told in every order that can be.

use super::*;
use crate::domain::project::ProjectStatus;
use mutrapro_sdk::id::Uuid;
use proptest::prelude::*;
use std::time::Duration;

const DEPOSIT: u128 = 1;
const FINAL_PAYMENT: u128 = 2;
const FEE: u128 = 3;

fn at(seconds: u64) -> Instant {
    Instant::UNIX_EPOCH.plus(Duration::from_secs(seconds))
}

/// Something that is told, with the seconds at which it happened where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Due(u128, Option<u128>),
    Paid(u128),
    Assigned,
    Dropped,
    Completed(u128, u64),
    Delivered(u128, bool, u64),
    Approved(u128, u64),
    RevisionApproved(u64),
    RevisionRejected(u128),
}

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn tell(facts: &mut Facts, told: Told) {
    match told {
        Told::Due(milestone, revision) => facts.milestone_due(id(milestone), revision.map(id)),
        Told::Paid(milestone) => facts.milestone_paid(id(milestone), milestone == DEPOSIT),
        Told::Assigned => facts.task_assigned(),
        Told::Dropped => facts.task_dropped(),
        Told::Completed(specialist, seconds) => {
            facts.task_completed((id(specialist), id(specialist + 100)), at(seconds));
        }
        Told::Delivered(package, is_final, seconds) => facts.package_delivered(id(package), is_final, at(seconds)),
        Told::Approved(package, seconds) => {
            facts.final_package_approved(id(package), vec![id(package + 1_000)], at(seconds));
        }
        Told::RevisionApproved(seconds) => facts.revision_approved(at(seconds)),
        Told::RevisionRejected(revision) => facts.revision_rejected(id(revision)),
    }
}

fn settled(mut status: ProjectStatus, facts: &Facts) -> ProjectStatus {
    while let Some(next) = status.next(facts) {
        status = next;
    }
    status
}

/// The facts and the status of a project with a deposit and a final payment that was told `history` step by step.
fn lived(history: &[Told]) -> (Facts, ProjectStatus) {
    let mut facts = Facts::new([id(DEPOSIT), id(FINAL_PAYMENT)], true);
    let mut status = ProjectStatus::Assigned;
    for told in history {
        tell(&mut facts, *told);
        status = settled(status, &facts);
    }
    (facts, status)
}

fn status(history: &[Told]) -> ProjectStatus {
    lived(history).1
}

#[test]
fn deposit_starts_it_and_nothing_else_does() {
    assert_eq!(status(&[Told::Due(DEPOSIT, None)]), ProjectStatus::Assigned);
    assert_eq!(status(&[Told::Paid(FINAL_PAYMENT)]), ProjectStatus::Assigned);
    assert_eq!(status(&[Told::Paid(DEPOSIT)]), ProjectStatus::InProgress);
    // Work that was done before the money came counts from then on.
    assert_eq!(status(&[Told::Assigned, Told::Completed(7, 1), Told::Paid(DEPOSIT)]), ProjectStatus::Review);
    // A deposit that goes back does not undo the beginning.
    assert_eq!(status(&[Told::Paid(DEPOSIT), Told::Due(DEPOSIT, None)]), ProjectStatus::InProgress);
}

#[test]
fn nothing_is_waited_for_without_a_deposit() {
    assert_eq!(settled(ProjectStatus::Assigned, &Facts::new([], false)), ProjectStatus::InProgress);
}

#[test]
fn review_begins_when_all_tasks_are_completed_or_a_package_is_delivered() {
    let paid = Told::Paid(DEPOSIT);
    assert_eq!(status(&[paid, Told::Assigned, Told::Assigned, Told::Completed(7, 1)]), ProjectStatus::InProgress);
    assert_eq!(status(&[paid, Told::Assigned, Told::Completed(7, 1)]), ProjectStatus::Review);
    let dropped = [paid, Told::Assigned, Told::Assigned, Told::Completed(7, 1), Told::Dropped];
    assert_eq!(status(&dropped), ProjectStatus::Review);
    assert_eq!(status(&[paid, Told::Assigned, Told::Dropped]), ProjectStatus::InProgress);
    assert_eq!(status(&[paid, Told::Assigned, Told::Delivered(20, false, 1)]), ProjectStatus::Review);
    // Another task after all others were completed is work again.
    assert_eq!(status(&[paid, Told::Assigned, Told::Completed(7, 1), Told::Assigned]), ProjectStatus::InProgress);
}

#[test]
fn revision_is_work_until_something_new_is_done() {
    let revised = [
        Told::Paid(DEPOSIT),
        Told::Assigned,
        Told::Completed(7, 1),
        Told::Delivered(20, false, 2),
        Told::RevisionApproved(3),
    ];
    let and = |more: &[Told]| status(&[revised.as_slice(), more].concat());
    assert_eq!(and(&[]), ProjectStatus::InProgress);
    assert_eq!(and(&[Told::Delivered(21, false, 4)]), ProjectStatus::Review);
    assert_eq!(and(&[Told::Assigned, Told::Completed(7, 4)]), ProjectStatus::Review);
    // What was delivered before the revision was approved is not what it led to, whenever it is heard of.
    assert_eq!(and(&[Told::Delivered(22, false, 2)]), ProjectStatus::InProgress);
}

#[test]
fn it_completes_whether_the_approval_or_the_money_comes_first() {
    let before = [Told::Paid(DEPOSIT), Told::Delivered(20, true, 5)];
    let (approved, paid) = (Told::Approved(20, 6), Told::Paid(FINAL_PAYMENT));
    let and = |more: &[Told]| lived(&[before.as_slice(), more].concat());
    for incomplete in [vec![], vec![approved], vec![paid]] {
        assert_eq!(and(&incomplete).1, ProjectStatus::Review, "{incomplete:?}");
    }
    for order in [[approved, paid], [paid, approved]] {
        let (facts, status) = and(&order);
        assert_eq!(status, ProjectStatus::Completed, "{order:?}");
        assert_eq!(facts.deliverables(), [id(1_020)]);
    }
}

#[test]
fn it_completes_even_if_the_deposit_is_heard_of_last() {
    let history = [Told::Delivered(20, true, 5), Told::Approved(20, 6), Told::Paid(FINAL_PAYMENT), Told::Paid(DEPOSIT)];
    assert_eq!(status(&history), ProjectStatus::Completed);
}

#[test]
fn fee_of_a_revision_is_waited_for_until_it_is_paid_or_the_revision_rejected() {
    let all_but_the_fee =
        [Told::Paid(DEPOSIT), Told::Delivered(20, true, 5), Told::Approved(20, 6), Told::Due(FEE, Some(30))];
    let and = |more: &[Told]| status(&[all_but_the_fee.as_slice(), more].concat());
    let paid = Told::Paid(FINAL_PAYMENT);
    assert_eq!(and(&[paid]), ProjectStatus::Review);
    assert_eq!(and(&[paid, Told::RevisionRejected(31)]), ProjectStatus::Review);
    assert_eq!(and(&[paid, Told::RevisionRejected(30)]), ProjectStatus::Completed);
    assert_eq!(and(&[Told::RevisionRejected(30), paid]), ProjectStatus::Completed);
    assert_eq!(and(&[Told::Paid(FEE), paid]), ProjectStatus::Completed);
}

#[test]
fn final_package_from_before_a_revision_is_not_the_last_one() {
    let history = [
        Told::Paid(DEPOSIT),
        Told::Delivered(20, true, 5),
        Told::RevisionApproved(6),
        Told::Approved(20, 7),
        Told::Paid(FINAL_PAYMENT),
        Told::Delivered(21, false, 8),
    ];
    assert_eq!(status(&history), ProjectStatus::Review);
    let more = [Told::Delivered(22, true, 9), Told::Approved(22, 10)];
    let (facts, status) = lived(&[history.as_slice(), &more].concat());
    assert_eq!(status, ProjectStatus::Completed);
    assert_eq!(facts.deliverables(), [id(1_022)]);
}

#[test]
fn money_that_goes_back_is_to_be_paid_again() {
    let history = [
        Told::Paid(DEPOSIT),
        Told::Paid(FINAL_PAYMENT),
        Told::Due(FINAL_PAYMENT, None),
        Told::Delivered(20, true, 5),
        Told::Approved(20, 6),
    ];
    assert_eq!(status(&history), ProjectStatus::Review);
    let again = [history.as_slice(), &[Told::Paid(FINAL_PAYMENT)]].concat();
    assert_eq!(status(&again), ProjectStatus::Completed);
}

#[test]
fn what_has_ended_stays_ended_whatever_is_told() {
    let (facts, _) = lived(&[Told::Paid(DEPOSIT), Told::RevisionApproved(9)]);
    for end in [ProjectStatus::Completed, ProjectStatus::Cancelled] {
        assert_eq!(settled(end, &facts), end);
    }
}

#[test]
fn specialists_are_named_once_each() {
    let (facts, _) = lived(&[Told::Completed(8, 1), Told::Completed(7, 2), Told::Completed(8, 3)]);
    assert_eq!(facts.specialists().collect::<Vec<_>>(), [(id(7), id(107)), (id(8), id(108))]);
}

/// What each aggregate tells, in its order. Seconds are those of one world, in which everything happened once.
fn aggregates() -> impl Strategy<Value = Vec<Vec<Told>>> {
    let task = (0_u128..3, 1_u64..50, 0_u8..3).prop_map(|(specialist, seconds, fate)| match fate {
        0 => vec![Told::Assigned],
        1 => vec![Told::Assigned, Told::Dropped],
        _ => vec![Told::Assigned, Told::Completed(specialist, seconds)],
    });
    let package = (any::<bool>(), 1_u64..50, prop::option::of(1_u64..10)).prop_map(|(is_final, seconds, later)| {
        let delivered = Told::Delivered(0, is_final, seconds);
        let approved = later.filter(|_| is_final).map(|later| Told::Approved(0, seconds + later));
        [Some(delivered), approved].into_iter().flatten().collect()
    });
    let revision = (0_u128..3, 1_u64..50, any::<bool>()).prop_map(|(revision, seconds, is_approved)| {
        vec![if is_approved { Told::RevisionApproved(seconds) } else { Told::RevisionRejected(revision) }]
    });
    let fee = (0_u128..3, any::<bool>()).prop_map(|(revision, is_paid)| {
        [Some(Told::Due(FEE, Some(revision))), is_paid.then_some(Told::Paid(FEE))].into_iter().flatten().collect()
    });
    let others = prop::collection::vec(prop_oneof![task, package, revision, fee], 0..10);
    (others, 0_usize..3).prop_map(|(mut others, paid)| {
        // Each aggregate has an id of its own.
        for (number, told) in (50_u128..).zip(others.iter_mut()) {
            for told in told {
                match told {
                    Told::Delivered(package, ..) | Told::Approved(package, _) => *package = number,
                    Told::Due(milestone, _) | Told::Paid(milestone) => *milestone = number,
                    _ => {}
                }
            }
        }
        let payments = [vec![Told::Paid(DEPOSIT)], vec![Told::Due(FINAL_PAYMENT, None), Told::Paid(FINAL_PAYMENT)]];
        others.extend(payments.into_iter().take(paid));
        others
    })
}

/// One order in which a consumer can hear of `aggregates`: `choices` picks whose turn it is.
fn interleaved(mut aggregates: Vec<Vec<Told>>, choices: &[prop::sample::Index]) -> Vec<Told> {
    let mut history = Vec::new();
    let mut choices = choices.iter().cycle();
    while let (Some(choice), false) = (choices.next(), aggregates.is_empty()) {
        let turn = choice.index(aggregates.len());
        history.push(aggregates[turn].remove(0));
        if aggregates[turn].is_empty() {
            aggregates.swap_remove(turn);
        }
    }
    history
}

fn choices() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 1..40)
}

proptest! {
    #[test]
    fn facts_are_the_same_in_any_order(aggregates in aggregates(), one in choices(), other in choices()) {
        let orders = [one, other].map(|choices| lived(&interleaved(aggregates.clone(), &choices)));
        let [(facts, status), (other_facts, other_status)] = orders;
        prop_assert_eq!(&facts, &other_facts);
        // The end alone is final: what it did not wait for cannot undo it.
        let has_ended = [status, other_status].contains(&ProjectStatus::Completed);
        prop_assert!(status == other_status || has_ended, "{} and {}", status, other_status);
    }

    #[test]
    fn status_rests(aggregates in aggregates(), choices in choices()) {
        let mut facts = Facts::new([id(DEPOSIT), id(FINAL_PAYMENT)], true);
        for told in interleaved(aggregates, &choices) {
            tell(&mut facts, told);
            for from in ProjectStatus::ALL {
                let mut status = *from;
                for _ in ProjectStatus::ALL {
                    if let Some(next) = status.next(&facts) {
                        prop_assert!(mutrapro_sdk::state::State::may_become(status, next), "{} to {}", status, next);
                        status = next;
                    }
                }
                prop_assert_eq!(status.next(&facts), None, "from {}", from);
            }
        }
    }

    #[test]
    fn facts_are_read_as_they_were_written(aggregates in aggregates(), choices in choices()) {
        let (facts, _) = lived(&interleaved(aggregates, &choices));
        prop_assert_eq!(Facts::from_value(facts.to_value()), Some(facts));
    }
}
