//! Describes the machine, without anything that would identify it.

use std::{fs, thread};

use anyhow::Result;

/// One line: processors, memory, system.
pub(crate) fn description() -> Result<String> {
    let cores = thread::available_parallelism()?;
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let memory_kib: u64 = field("/proc/meminfo", "MemTotal")
        .and_then(|total| total.strip_suffix(" kB")?.trim().parse().ok())
        .unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Ok(format!(
        "{cores} cores of {model}, {} GiB of memory, Linux {}",
        (memory_kib + (1 << 19)) >> 20,
        kernel.trim()
    ))
}

fn field(file: &str, name: &str) -> Option<String> {
    fs::read_to_string(file).ok()?.lines().find_map(|line| {
        let (named, value) = line.split_once(':')?;
        (named.trim() == name).then(|| value.trim().to_owned())
    })
}
