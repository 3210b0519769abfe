//! What a compiler is asked to do.

/// The language of a wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `mpicc`
    C,
    /// `mpicxx`
    Cxx,
}

impl Language {
    /// The variables of the environment that name the compiler, those of other MPIs among them: the first that is set counts.
    pub fn variables(self) -> [&'static str; 3] {
        match self {
            Language::C => ["ARCHIPELAGO_CC", "MPICH_CC", "OMPI_CC"],
            Language::Cxx => ["ARCHIPELAGO_CXX", "MPICH_CXX", "OMPI_CXX"],
        }
    }

    /// The compiler where nothing names one.
    pub fn compiler(self) -> &'static str {
        match self {
            Language::C => "cc",
            Language::Cxx => "c++",
        }
    }

    /// The option that names one.
    fn option(self) -> &'static str {
        match self {
            Language::C => "-cc=",
            Language::Cxx => "-cxx=",
        }
    }
}

/// What the wrapper does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Calls the compiler.
    Run,
    /// Says how it would be called.
    Show,
    /// Says how it would be called to compile.
    ShowCompile,
    /// Says how it would be called to link.
    ShowLink,
    /// The options alone that compiling needs, as Open MPI's wrapper says them.
    CompileOptions,
    /// The options alone that linking needs.
    LinkOptions,
    /// The folders of headers alone.
    IncludeFolders,
    /// The folders of libraries alone.
    LibraryFolders,
    /// The names of the libraries alone.
    Libraries,
    /// The compiler alone.
    Compiler,
    /// Explains itself.
    Help,
    /// Explains itself, and has the compiler explain itself.
    BothHelp,
    /// Says which version it is.
    Version,
}

/// A call of a wrapper.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// What is to be done.
    pub task: Task,
    /// The compiler that an option names.
    pub compiler: Option<String>,
    /// Whether programs find the library without the environment's help.
    pub rpath: bool,
    /// What is for the compiler.
    pub rest: Vec<String>,
}

impl Words {
    /// Reads a command line.
    pub fn read(language: Language, words: impl Iterator<Item = String>) -> Words {
        let mut read = Words { task: Task::Run, compiler: None, rpath: true, rest: Vec::new() };
        for word in words {
            match word.as_str() {
                "-show" | "-showme" | "--showme" | "-show-all" => read.task = Task::Show,
                "-compile-info" | "-compile_info" => read.task = Task::ShowCompile,
                "-link-info" | "-link_info" => read.task = Task::ShowLink,
                "-showme:compile" | "--showme:compile" => read.task = Task::CompileOptions,
                "-showme:link" | "--showme:link" => read.task = Task::LinkOptions,
                "-showme:incdirs" | "--showme:incdirs" => read.task = Task::IncludeFolders,
                "-showme:libdirs" | "--showme:libdirs" => read.task = Task::LibraryFolders,
                "-showme:libs" | "--showme:libs" => read.task = Task::Libraries,
                "-showme:command" | "--showme:command" => read.task = Task::Compiler,
                "-showme:version" | "--showme:version" => read.task = Task::Version,
                "-showme:help" | "--showme:help" => read.task = Task::Help,
                "-norpath" | "-nomrpath" => read.rpath = false,
                "-help" if read.rest.is_empty() => read.task = Task::Help,
                "--help" if read.rest.is_empty() => {
                    read.task = Task::BothHelp;
                    read.rest.push(word);
                }
                _ => match word.strip_prefix(language.option()) {
                    Some(compiler) => read.compiler = Some(compiler.to_owned()),
                    None => read.rest.push(word),
                },
            }
        }
        read
    }

    /// Whether the compiler is asked for a program or a library.
    pub fn links(&self) -> bool {
        let only = ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"];
        let asks = |word: &String| {
            ["-v", "--version", "-V", "-dumpversion", "-dumpmachine", "--help"].contains(&word.as_str())
        };
        !self.rest.iter().any(|word| only.contains(&word.as_str())) && !self.rest.iter().all(asks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Words {
        Words::read(Language::C, words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_are_ours_or_the_compilers() {
        let check = |words: &str, task: Task, rest: &[&str], links: bool| {
            let read = read(words);
            assert_eq!(
                (read.task, &read.rest[..], read.links()),
                (task, &rest.map_owned()[..], links),
                "{words}"
            );
        };
        check("a.c -o a", Task::Run, &["a.c", "-o", "a"], true);
        check("-c a.c", Task::Run, &["-c", "a.c"], false);
        check("-show", Task::Show, &[], false);
        check("-show a.c", Task::Show, &["a.c"], true);
        check("-compile-info", Task::ShowCompile, &[], false);
        check("--showme:link -norpath", Task::LinkOptions, &[], false);
        check("-showme:incdirs", Task::IncludeFolders, &[], false);
        check("-showme:version", Task::Version, &[], false);
        check("-showme:help", Task::Help, &[], false);
        check("--help", Task::BothHelp, &["--help"], false);
        check("a.c --help", Task::Run, &["a.c", "--help"], true);
        check("--version", Task::Run, &["--version"], false);
        check("-cc=clang a.o", Task::Run, &["a.o"], true);
        assert_eq!(read("-cc=clang a.o").compiler.as_deref(), Some("clang"));
        assert!(!read("-norpath a.o").rpath);
    }

    trait MapOwned {
        fn map_owned(&self) -> Vec<String>;
    }

    impl MapOwned for [&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(|word| (*word).to_owned()).collect()
        }
    }
}
