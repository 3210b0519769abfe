//! Whatever stands in a host file or a list of hosts, it is read or refused, and the hosts that were read say what they offer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for hosts in [launch::hosts::parse_list(text), launch::hosts::parse_file(text)] {
        match hosts {
            Ok(hosts) => {
                let _ = launch::hosts::slots(&hosts);
                let _ = launch::hosts::check_local(&hosts);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
