//! Long text in pieces that fit into one argument.

/// Bytes that a piece stays below. Linux takes 128 KiB in one argument, of which Juju's hook tools and the key need
/// some.
pub const CHUNK: usize = 100 * 1024;

/// The text in pieces shorter than [`CHUNK`], cut after line breaks. Put one after the other they are the text. A
/// line that is too long by itself is cut between characters. No text is no piece.
pub fn chunks(text: &str) -> Vec<&str> {
    cut(text, CHUNK - 1)
}

fn cut(mut text: &str, longest: usize) -> Vec<&str> {
    let mut pieces = Vec::with_capacity(text.len() / longest + 1);
    while text.len() > longest {
        // At least one character, so that this ends.
        let fits = text.floor_char_boundary(longest);
        let fits = if fits == 0 {
            text.ceil_char_boundary(1)
        } else {
            fits
        };
        let (head, _) = text.split_at(fits);
        let end = head.rfind('\n').map_or(fits, |line_break| line_break + 1);
        let (piece, rest) = text.split_at(end);
        pieces.push(piece);
        text = rest;
    }
    if !text.is_empty() {
        pieces.push(text);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_text_is_one_piece_and_no_text_is_none() {
        assert_eq!(chunks("a\nb"), ["a\nb"]);
        assert_eq!(chunks(""), [""; 0]);
    }

    #[test]
    fn text_is_cut_after_line_breaks() {
        assert_eq!(cut("aa\nbb\ncc\n", 7), ["aa\nbb\n", "cc\n"]);
        assert_eq!(cut("aa\nbb\ncc", 6), ["aa\nbb\n", "cc"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_characters() {
        assert_eq!(cut("üüü\nx", 5), ["üü", "ü\nx"]);
        assert_eq!(cut("aaaaaa", 4), ["aaaa", "aa"]);
    }

    #[test]
    fn every_piece_of_a_long_text_is_below_100_kib() {
        let text = "x".repeat(189) + "\n";
        let text = text.repeat(10_000);
        let pieces = chunks(&text);
        assert_eq!(pieces.len(), 19);
        assert!(
            pieces
                .iter()
                .all(|piece| piece.len() < 102_400 && piece.ends_with('\n'))
        );
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "(.{0,12}\n?){0,20}", longest in 4..40_usize) {
            let pieces = cut(&text, longest);
            prop_assert_eq!(pieces.concat(), text.as_str());
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= longest));
        }
    }
}
