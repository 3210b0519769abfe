//! Programs are built as people build them: by the wrappers, by CMake. (What pkg-config says is tested with `cargo xtask install`.)

mod prefix;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use prefix::{prefix, typed};

const HELLO: &str = r#"
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (rank == 0)
        printf("%d ranks\n", size);
    MPI_Finalize();
    return 0;
}
"#;

/// A folder of a test's own with a program in it.
fn folder(name: &str) -> PathBuf {
    let folder = prefix().join(format!("building {name}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hello.c"), HELLO).unwrap();
    fs::copy(folder.join("hello.c"), folder.join("hello.cc")).unwrap();
    folder
}

fn is_there(program: &str) -> bool {
    let is = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is {
        println!("{program} is not installed here (apt-get install {program}): nothing to test");
    }
    is
}

#[test]
fn compiled_and_linked_in_one_step_or_two() {
    let folder = folder("steps");
    typed(
        "mpicc hello.c -o one && mpicc -c hello.c && mpicc hello.o -o two && mpicxx hello.cc -o three",
        &folder,
    );
    for program in ["one", "two", "three"] {
        assert_eq!(typed(&format!("mpiexec -n 3 ./{program}"), &folder), "3 ranks\n");
        assert_eq!(typed(&format!("./{program}"), &folder), "1 ranks\n");
    }
}

#[test]
fn what_the_wrappers_say_can_be_typed() {
    let folder = folder("shown");
    typed("$(mpicc -show hello.c -o whole)", &folder);
    typed("$(mpicc -compile-info) -c hello.c -o part.o && $(mpicc -link-info part.o -o parts)", &folder);
    typed("cc $(mpicc -showme:compile) hello.c -o options $(mpicc -showme:link)", &folder);
    for program in ["whole", "parts", "options"] {
        assert_eq!(typed(&format!("mpiexec -n 2 ./{program}"), &folder), "2 ranks\n");
    }
    // Other compilers, by the names of whichever MPI people come from; options come with them.
    for name in ["ARCHIPELAGO_CC", "MPICH_CC", "OMPI_CC"] {
        assert!(typed(&format!("{name}='gcc -std=c99' mpicc -show"), &folder).starts_with("gcc -std=c99 -I"));
    }
    assert!(typed("OMPI_CXX=g++ mpicxx -show", &folder).starts_with("g++ -I"));
    assert!(typed("mpicc -cc=gcc -show", &folder).starts_with("gcc -I"));
    // What they say of themselves, and what the compiler says.
    assert!(typed("mpicc -showme:version", &folder).starts_with("mpicc: Archipelago "));
    assert!(typed("mpicxx -showme:version", &folder).ends_with("(Language: C++)\n"));
    let (own, both) = (typed("mpicc -showme:help", &folder), typed("mpicc --help", &folder));
    assert!(own.contains("-showme:libs") && both.starts_with(own.trim_end()) && both.len() > own.len() + 100);
    assert_eq!(typed("mpicc --version", &folder), typed("cc --version", &folder));
}

#[test]
fn the_path_of_the_library_is_in_the_program_unless_it_is_not_wanted() {
    let folder = folder("rpath");
    typed("mpicc hello.c -o with && mpicc -norpath hello.c -o without", &folder);
    assert_eq!(typed("./with", &folder), "1 ranks\n");
    let mut bare = Command::new(folder.join("without"));
    assert!(!bare.env_remove("LD_LIBRARY_PATH").output().unwrap().status.success());
    let found = format!("LD_LIBRARY_PATH='{}' ./without", prefix().join("lib").display());
    assert_eq!(typed(&found, &folder), "1 ranks\n");
}

#[test]
fn cmake_finds_it() {
    if !is_there("cmake") {
        return;
    }
    let folder = folder("cmake");
    let project = "cmake_minimum_required(VERSION 3.12)\nproject(hello C CXX)\nfind_package(MPI REQUIRED COMPONENTS C CXX)\n\
                   message(STATUS \"version ${MPI_C_VERSION}\")\n\
                   add_executable(hello hello.c)\ntarget_link_libraries(hello MPI::MPI_C)\n\
                   add_executable(hellos hello.cc)\ntarget_link_libraries(hellos MPI::MPI_CXX)\n\
                   enable_testing()\nadd_test(NAME runs COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} 2 $<TARGET_FILE:hello>)\n";
    fs::write(folder.join("CMakeLists.txt"), project).unwrap();
    let said = typed("cmake -S . -B build && cmake --build build", &folder);
    assert!(said.contains("version 5.0"), "{said}");
    assert!(Path::new(&folder.join("build/hellos")).exists());
    for program in ["hello", "hellos"] {
        assert_eq!(typed(&format!("mpiexec -n 2 build/{program}"), &folder), "2 ranks\n");
    }
    assert!(typed("cd build && ctest", &folder).contains("100% tests passed"));
    // By the place alone, for who has another MPI in the search path.
    let said = typed(&format!("cmake -S . -B other -DMPI_HOME='{}'", prefix().display()), &folder);
    assert!(said.contains("version 5.0"), "{said}");
}
