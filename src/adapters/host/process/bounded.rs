//! Output in bounded memory.

/// Bytes kept of the beginning, and as many of the end.
const KEPT: usize = 32 << 10;

/// Bytes after which a line is handed over although it has not ended.
const LINE: usize = 64 << 10;

/// Beginning and end of what was written: the first error and the last words matter, the flood between them does not.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    head: Vec<u8>,
    tail: Vec<u8>,
    dropped: usize,
}

impl Excerpt {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(KEPT - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        // Cut only once in a while: moving the tail for every few bytes would be quadratic.
        if self.tail.len() > 2 * KEPT {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let excess = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..excess);
        self.dropped += excess;
    }

    pub(super) fn into_text(mut self) -> String {
        self.cut();
        let head = String::from_utf8_lossy(&self.head);
        let tail = String::from_utf8_lossy(&self.tail);
        match self.dropped {
            0 => format!("{head}{tail}"),
            dropped => format!("{head}\n[{dropped} bytes left out]\n{tail}"),
        }
    }
}

/// Bytes cut into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8], line: &mut dyn FnMut(&str)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.begun.len() >= LINE {
                self.finish(line);
            }
        }
    }

    /// Hands over what is left after the last line end.
    pub(super) fn finish(&mut self, line: &mut dyn FnMut(&str)) {
        if !self.begun.is_empty() {
            let text = String::from_utf8_lossy(&self.begun);
            line(text.trim_end_matches(['\n', '\r']));
            self.begun.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_keeps_both_ends_and_says_how_much_is_missing() {
        let mut excerpt = Excerpt::default();
        excerpt.push(b"first");
        for _ in 0..100 {
            excerpt.push(&[b'.'; 4096]);
        }
        excerpt.push(b"end");
        let text = excerpt.into_text();
        let missing = 5 + 100 * 4096 + 3 - 2 * KEPT;
        assert!(text.starts_with("first."));
        assert_eq!(&text[text.len() - 4..], ".end");
        assert!(
            text.contains(&format!("[{missing} bytes left out]")),
            "{missing}"
        );
    }

    #[test]
    fn a_short_output_is_kept_whole() {
        let mut excerpt = Excerpt::default();
        excerpt.push(b"one\n");
        excerpt.push(b"two\n");
        assert_eq!(excerpt.into_text(), "one\ntwo\n");
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        let mut seen = Vec::new();
        let mut lines = Lines::default();
        for piece in ["on", "e\ntw", "o\n\n", "three"] {
            lines.push(piece.as_bytes(), &mut |line| seen.push(line.to_owned()));
        }
        lines.finish(&mut |line| seen.push(line.to_owned()));
        assert_eq!(seen, ["one", "two", "", "three"]);
    }

    #[test]
    fn a_line_without_end_does_not_grow_without_end() {
        let mut lengths = Vec::new();
        let mut lines = Lines::default();
        for _ in 0..40 {
            lines.push(&[b'x'; 4096], &mut |line| lengths.push(line.len()));
        }
        assert_eq!(lengths, [LINE, LINE]);
    }
}
