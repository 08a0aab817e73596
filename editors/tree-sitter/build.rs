//! Compiles the generated parser.

fn main() {
    cc::Build::new().include("src").file("src/parser.c").warnings(false).compile("tree_sitter_tripline");
    println!("cargo:rerun-if-changed=src/parser.c");
}
