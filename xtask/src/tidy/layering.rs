//! Arrows between crates point down only, and the path of a message depends on little.

use super::report::Finding;
use crate::shell::{Failure, cargo, output, root};
use serde_json::Value;

/// A crate of the workspace and what it names as dependencies.
pub struct Package {
    pub name: String,
    /// Where its Cargo.toml stands, relative to the root.
    pub manifest: String,
    /// Dependencies of the library and of build scripts; those of tests are free.
    pub dependencies: Vec<String>,
}

/// The rooms from the ground up. A crate may use those with a smaller number only, so that two crates with one
/// number don't know each other.
const LEVELS: &[(&str, u32)] = &[
    ("archipelago-os", 0),
    ("archipelago-mapped", 1),
    ("archipelago-wire-derive", 1),
    ("archipelago-wire", 2),
    ("archipelago-layout", 3),
    ("archipelago-control", 4),
    ("archipelago-fabric", 5),
    ("archipelago-engine", 6),
    ("archipelago-launch", 7),
    ("archipelago-runtime", 7),
    ("archipelago-macros", 8),
    ("archipelago-mpi", 8),
    ("archipelago", 9),
    ("archipelago-mpi-abi", 9),
    ("archipelago-measure", 10),
    ("archipelago-cli", 11),
];

/// Rooms that a message passes through.
const PATH_OF_A_MESSAGE: &[&str] = &[
    "archipelago-os",
    "archipelago-mapped",
    "archipelago-wire",
    "archipelago-layout",
    "archipelago-control",
    "archipelago-fabric",
    "archipelago-engine",
    "archipelago-runtime",
    "archipelago",
    "archipelago-mpi",
    "archipelago-mpi-abi",
];

/// What these rooms may use from outside, each with its reason.
const ALLOWED: &[(&str, &str)] = &[
    ("libc", "process_vm_readv and other gaps of rustix; no C is built"),
    ("rustix", "typed system calls without C"),
    ("zerocopy", "casts of plain data, checked when compiled"),
    ("arrayvec", "bounded vectors without allocation"),
    ("slab", "handles to requests"),
    ("serde", "control messages only"),
    ("postcard", "control messages only"),
    ("blake3", "the handshake's keyed MAC, pure Rust form"),
    ("backtrace", "where a C program calls: under --check, and for waits that last; no message pays for it"),
    ("loom", "models; absent from ordinary builds"),
];

/// The system's own room: nobody else names these.
const RAW_SYSTEM: &[&str] = &["libc", "rustix", "nix", "linux-raw-sys"];

/// Who may: `os`, and the bare limits, which are programs without us.
const RAW_SYSTEM_ALLOWED: &[&str] = &["archipelago-os", "bench"];

/// The packages of this workspace.
///
/// # Errors
/// When `cargo metadata` fails.
pub fn workspace() -> Result<Vec<Package>, Failure> {
    let text = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    Ok(packages(&metadata))
}

/// Picks the packages out of cargo's metadata.
pub fn packages(metadata: &Value) -> Vec<Package> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let prefix = format!("{}/", root().display());
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            manifest: text(&package["manifest_path"]).replace(&prefix, ""),
            dependencies: list(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect()
}

/// All that is wrong with the arrows.
pub fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let mut object = |rule, message| {
            findings.push(Finding { path: package.manifest.clone(), line: 0, rule, message });
        };
        let own = level(&package.name);
        if own.is_none() && package.manifest.starts_with("crates/") {
            object("layering", format!("{} has no place in the order of the rooms", package.name));
        }
        for dependency in &package.dependencies {
            let local = packages.iter().any(|other| other.name == *dependency);
            if let (Some(own), Some(theirs)) = (own, level(dependency))
                && theirs >= own
            {
                object(
                    "layering",
                    format!("{} may not use {dependency}: arrows point down only", package.name),
                );
            }
            if own.is_some() && local && level(dependency).is_none() {
                object(
                    "layering",
                    format!("{} may not use {dependency}, which stands above all rooms", package.name),
                );
            }
            if package.manifest.starts_with("apps/") && local && dependency != "archipelago" {
                object(
                    "layering",
                    format!(
                        "{} is an app: it uses the front door archipelago, not {dependency}",
                        package.name
                    ),
                );
            }
            let raw = RAW_SYSTEM.contains(&dependency.as_str());
            if raw && !RAW_SYSTEM_ALLOWED.contains(&package.name.as_str()) {
                object(
                    "system",
                    format!("{} may not use {dependency}: system calls are made in os", package.name),
                );
            }
            let in_path = PATH_OF_A_MESSAGE.contains(&package.name.as_str());
            if in_path && !local && !raw && !ALLOWED.iter().any(|(name, _)| name == dependency) {
                object("dependency", format!("{dependency} may not stand in the path of a message"));
            }
        }
    }
    findings
}

fn level(name: &str) -> Option<u32> {
    LEVELS.iter().find(|(room, _)| *room == name).map(|(_, level)| *level)
}
