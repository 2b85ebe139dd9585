//! Who should do what: the same answer on every host that sees the same.

use std::collections::{BTreeMap, BTreeSet};

/// Spreads leases over hosts. `hosts` are those that live, with the leases that each can take; `holders` have the leases that
/// are taken. Names of leases have two parts, `<task>.<service>`, and each task is spread by itself.
///
/// Of one task nobody gets more than their share, the number of leases by the number of hosts, rounded up, unless nobody else
/// can take them. Who holds a lease keeps it within that, so that little moves.
pub(super) fn plan<'a>(
    hosts: &'a BTreeMap<String, BTreeSet<String>>,
    holders: &'a BTreeMap<String, String>,
) -> BTreeMap<&'a str, &'a str> {
    let mut planned = BTreeMap::new();
    let tasks: BTreeSet<&str> = hosts.values().flatten().map(|lease| task(lease)).collect();
    for wanted in tasks {
        let of_task = |leases: &'a BTreeSet<String>| leases.iter().filter(move |lease| task(lease) == wanted);
        let leases: BTreeSet<&str> = hosts.values().flat_map(of_task).map(String::as_str).collect();
        let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
        for (host, leases) in hosts {
            if of_task(leases).next().is_some() {
                loads.insert(host, 0);
            }
        }
        let share = leases.len().div_ceil(loads.len().max(1));
        let can_take = |host: &str, lease: &str| hosts.get(host).is_some_and(|leases| leases.contains(lease));
        let mut free = Vec::new();
        for lease in leases {
            let holder = holders.get(lease).map(String::as_str).filter(|holder| can_take(holder, lease));
            match holder
                .and_then(|holder| loads.get_mut(holder).filter(|load| **load < share).map(|load| (holder, load)))
            {
                Some((holder, load)) => {
                    *load += 1;
                    planned.insert(lease, holder);
                }
                None => free.push(lease),
            }
        }
        for lease in free {
            let able = loads.iter_mut().filter(|(host, _)| can_take(host, lease));
            if let Some((host, load)) = able.min_by_key(|(_, load)| **load) {
                *load += 1;
                planned.insert(lease, *host);
            }
        }
    }
    planned
}

/// What a lease is for.
fn task(lease: &str) -> &str {
    lease.split_once('.').map_or(lease, |(task, _)| task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leases(count: usize) -> BTreeSet<String> {
        (0..count).map(|n| format!("consumer.service-{n:02}")).collect()
    }

    fn hosts(count: usize, leases: &BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
        (0..count).map(|n| (format!("host-{n}"), leases.clone())).collect()
    }

    fn held(plan: &BTreeMap<&str, &str>) -> BTreeMap<String, String> {
        plan.iter().map(|(lease, host)| ((*lease).to_owned(), (*host).to_owned())).collect()
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_their_share_and_nothing_is_left(
            count in 1usize..20, host_count in 1usize..6, holders in proptest::collection::vec(0usize..8, 20),
        ) {
            let leases = leases(count);
            let hosts = hosts(host_count, &leases);
            let holders = leases.iter().cloned().zip(holders).map(|(lease, n)| (lease, format!("host-{n}"))).collect();
            let plan = plan(&hosts, &holders);
            prop_assert_eq!(plan.len(), count);
            for host in hosts.keys() {
                let load = plan.values().filter(|holder| *holder == host).count();
                prop_assert!(load <= count.div_ceil(host_count));
            }
        }

        #[test]
        fn plan_that_was_carried_out_stands(count in 1usize..20, host_count in 1usize..6) {
            let hosts = hosts(host_count, &leases(count));
            let none = BTreeMap::new();
            let first = held(&plan(&hosts, &none));
            prop_assert_eq!(held(&plan(&hosts, &first)), first);
        }

        #[test]
        fn every_lease_goes_to_somebody_who_can_take_it(
            able in proptest::collection::vec(proptest::collection::btree_set(0usize..10, 0..10), 1..5),
        ) {
            let named = |set: BTreeSet<usize>| set.into_iter().map(|n| format!("consumer.service-{n}")).collect();
            let hosts: BTreeMap<String, BTreeSet<String>> =
                able.into_iter().enumerate().map(|(n, set)| (format!("host-{n}"), named(set))).collect();
            let none = BTreeMap::new();
            let plan = plan(&hosts, &none);
            let wanted: BTreeSet<&str> = hosts.values().flatten().map(String::as_str).collect();
            prop_assert!(plan.keys().copied().eq(wanted));
            prop_assert!(plan.iter().all(|(lease, host)| hosts[*host].contains(*lease)));
        }
    }

    #[test]
    fn second_host_gets_half_and_the_first_keeps_the_other() {
        let leases = leases(13);
        let alone = hosts(1, &leases);
        let none = BTreeMap::new();
        let first = held(&plan(&alone, &none));
        let together = hosts(2, &leases);
        let plan = plan(&together, &first);
        assert_eq!(plan.values().filter(|host| **host == "host-0").count(), 7);
        assert_eq!(plan.values().filter(|host| **host == "host-1").count(), 6);
    }

    #[test]
    fn tasks_are_spread_one_by_one() {
        let leases: BTreeSet<String> =
            ["consumer.a", "consumer.b", "publisher.a", "publisher.b"].map(str::to_owned).into();
        let hosts = hosts(2, &leases);
        let none = BTreeMap::new();
        let plan = plan(&hosts, &none);
        assert_ne!(plan["consumer.a"], plan["consumer.b"]);
        assert_ne!(plan["publisher.a"], plan["publisher.b"]);
    }
}
