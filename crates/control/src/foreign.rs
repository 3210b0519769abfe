//! Launchers of others that this library can't join, known by what they leave in the environment. Under one of them N processes would be
//! N worlds of one, in silence; so it is an error, which says what to type.

/// A world of one is what the user wants, whatever the environment says.
pub const ALONE_VARIABLE: &str = "ARCHIPELAGO_ALONE";

/// Whether the user wants a world of one.
pub fn wants_alone(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable(ALONE_VARIABLE).is_some_and(|value| !value.is_empty())
}

/// Another launcher has started this process, as one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Which launcher.
    launcher: &'static str,
    /// The variable that gives it away.
    sign: &'static str,
    /// This process's rank, if it is told.
    rank: Option<u32>,
    /// How many processes there are, if it is told.
    size: Option<u32>,
}

/// A launcher: by which variable it is known, and which ones tell rank and size.
struct Known {
    launcher: &'static str,
    sign: &'static str,
    rank: &'static str,
    sizes: &'static [&'static str],
}

/// In order of precedence: a launcher that runs inside another one's job comes first.
const KNOWN: &[Known] = &[
    Known {
        launcher: "Open MPI's mpirun",
        sign: "OMPI_COMM_WORLD_SIZE",
        rank: "OMPI_COMM_WORLD_RANK",
        sizes: &["OMPI_COMM_WORLD_SIZE"],
    },
    Known {
        launcher: "MVAPICH's mpirun_rsh",
        sign: "MV2_COMM_WORLD_SIZE",
        rank: "MV2_COMM_WORLD_RANK",
        sizes: &["MV2_COMM_WORLD_SIZE"],
    },
    Known {
        launcher: "IBM's jsrun",
        sign: "JSM_NAMESPACE_SIZE",
        rank: "JSM_NAMESPACE_RANK",
        sizes: &["JSM_NAMESPACE_SIZE"],
    },
    Known {
        launcher: "a launcher that speaks PMIx (prterun, srun --mpi=pmix)",
        sign: "PMIX_NAMESPACE",
        rank: "PMIX_RANK",
        sizes: &["SLURM_STEP_NUM_TASKS"],
    },
    Known {
        launcher: "a launcher that speaks PMI, but passes no PMI_FD on",
        sign: "PMI_SIZE",
        rank: "PMI_RANK",
        sizes: &["PMI_SIZE"],
    },
    Known {
        launcher: "Slurm's srun",
        sign: "SLURM_STEP_NUM_TASKS",
        rank: "SLURM_PROCID",
        sizes: &["SLURM_STEP_NUM_TASKS"],
    },
    Known { launcher: "flux run", sign: "FLUX_JOB_SIZE", rank: "FLUX_TASK_RANK", sizes: &["FLUX_JOB_SIZE"] },
];

impl Foreign {
    /// The launcher that has started this process as one of several, by its environment. One of a single process is none: a world of
    /// one is right.
    ///
    /// ```
    /// use archipelago_control::foreign::Foreign;
    ///
    /// let srun = |name: &str| match name {
    ///     "SLURM_STEP_NUM_TASKS" => Some("4".to_owned()),
    ///     "SLURM_PROCID" => Some("2".to_owned()),
    ///     _ => None,
    /// };
    /// let line = Foreign::of(srun).unwrap().to_string();
    /// assert!(line.contains("rank 2 of 4 under Slurm's srun") && line.contains("archi run -n 4"));
    /// ```
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Foreign> {
        let number = |name: &str| variable(name)?.trim().parse::<u32>().ok();
        let known = KNOWN.iter().find(|known| variable(known.sign).is_some())?;
        let size = known.sizes.iter().find_map(|name| number(name));
        let Known { launcher, sign, rank, .. } = *known;
        (size != Some(1)).then(|| Foreign { launcher, sign, rank: number(rank), size })
    }
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Foreign { launcher, sign, rank, size } = self;
        write!(f, "this process is ")?;
        match (rank, size) {
            (Some(rank), Some(size)) => write!(f, "rank {rank} of {size}")?,
            (Some(rank), None) => write!(f, "rank {rank}")?,
            _ => write!(f, "one of several")?,
        }
        let count = size.map_or_else(|| "N".to_owned(), |size| size.to_string());
        write!(
            f,
            " under {launcher} ({sign} is set), which this library can't join: each would be a world of one. Type `archi run -n \
             {count} PROGRAM` (or the mpiexec beside it), or MPICH's mpiexec.hydra; {ALONE_VARIABLE}=1 makes it a world of one all the \
             same"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: Option<&str>) {
        let found = Foreign::of(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        match (found.map(|foreign| foreign.to_string()), expected) {
            (None, None) => {}
            (Some(line), Some(expected)) => {
                assert!(line.starts_with(expected) && !line.contains('\n'), "{line}");
            }
            (line, expected) => panic!("{line:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn who_wants_to_be_alone_says_so() {
        let check = |value: Option<&str>, expected: bool| {
            assert_eq!(wants_alone(|_| value.map(str::to_owned)), expected);
        };
        check(None, false);
        check(Some(""), false);
        check(Some("1"), true);
    }

    #[test]
    fn launchers_are_known_by_what_they_leave() {
        check(&[], None);
        check(&[("SLURM_NTASKS", "8"), ("SLURM_PROCID", "0")], None); // a batch script
        let openmpi = [("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "3"), ("PMIX_NAMESPACE", "x")];
        check(
            &openmpi,
            Some("this process is rank 3 of 4 under Open MPI's mpirun (OMPI_COMM_WORLD_SIZE is set)"),
        );
        check(&[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")], None);
        check(
            &[("PMIX_NAMESPACE", "x"), ("PMIX_RANK", "0")],
            Some("this process is rank 0 under a launcher that speaks PMIx"),
        );
        check(&[("PMIX_NAMESPACE", "x"), ("PMIX_RANK", "0"), ("SLURM_STEP_NUM_TASKS", "1")], None);
        check(&[("SLURM_STEP_NUM_TASKS", "2")], Some("this process is one of several under Slurm's srun"));
        check(
            &[("SLURM_STEP_NUM_TASKS", "nonsense")],
            Some("this process is one of several under Slurm's srun"),
        );
        check(
            &[("PMI_SIZE", "2"), ("PMI_RANK", "1")],
            Some("this process is rank 1 of 2 under a launcher that speaks PMI,"),
        );
        check(
            &[("FLUX_JOB_SIZE", "2"), ("FLUX_TASK_RANK", "1")],
            Some("this process is rank 1 of 2 under flux run"),
        );
    }
}
