//! Files that are new among the templates and contracts have to be seen; changes of those that are known are seen anyway.

fn main() {
    println!("cargo:rerun-if-changed=templates");
    println!("cargo:rerun-if-changed=../../wit");
}
