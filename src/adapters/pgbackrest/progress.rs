//! How far a backup or restore is, from the lines it logs at level `detail`.

/// Reads `(…, 12.34%)` from a line about a file.
pub fn percent(line: &str) -> Option<f64> {
    let _ = line;
    unimplemented!()
}
