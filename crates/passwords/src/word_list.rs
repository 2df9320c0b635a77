//! An operator's own list of words, read from a file into a filter.
//!
//! The file is read twice, to count and to keep, one line at a time: what it takes is the filter,
//! three bytes for each word, and never the words themselves.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use crate::bloom::Bloom;
use crate::fold::{MAX_BYTES, fold_word};

/// The largest file that is read: 256 MiB, whose filter takes 86 MiB at most.
pub(crate) const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// NFC can make a text a third as long; what is longer still cannot be a password.
const MAX_LINE_BYTES: usize = MAX_BYTES * 3;

/// Why a list of words cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommonListError {
    /// There is no such file.
    #[error("there is no word list at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there, but cannot be opened or read to its end.
    #[error("the word list {} cannot be read", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("the word list {} is not a file", path.display())]
    NotAFile {
        /// Where it is.
        path: PathBuf,
    },
    /// Larger than 256 MiB.
    #[error("the word list {} has {bytes} bytes, and at most {MAX_FILE_BYTES} are read", path.display())]
    TooLarge {
        /// Where it is.
        path: PathBuf,
        /// How large it is.
        bytes: u64,
    },
    /// Most lines are not UTF-8: a compressed file, or another encoding.
    #[error("the word list {} is not text in UTF-8", path.display())]
    NotText {
        /// Where it is.
        path: PathBuf,
    },
    /// Most lines are hashes, as in the files of Pwned Passwords.
    #[error("the word list {} holds hashes, not words", path.display())]
    Hashes {
        /// Where it is.
        path: PathBuf,
    },
    /// Not one line that could be a password.
    #[error("the word list {} has no line of 8 characters or more", path.display())]
    Empty {
        /// Where it is.
        path: PathBuf,
    },
}

/// What the lines of a file are.
#[derive(Default)]
struct Count {
    words: usize,
    hashes: usize,
    not_text: usize,
}

/// Reads a file of words, one a line, into a filter.
pub(crate) fn read(path: &Path) -> Result<Bloom<Vec<u8>>, CommonListError> {
    let mut file = open(path)?;
    let unreadable = |source| CommonListError::Unreadable { path: path.to_owned(), source };

    let count = count(&file).map_err(unreadable)?;
    let path_of = || path.to_owned();
    if count.not_text > count.words {
        return Err(CommonListError::NotText { path: path_of() });
    }
    if count.words == 0 {
        return Err(CommonListError::Empty { path: path_of() });
    }
    if count.hashes > count.words / 2 {
        return Err(CommonListError::Hashes { path: path_of() });
    }

    let mut bloom = Bloom::with_room_for(count.words);
    file.rewind().map_err(unreadable)?;
    each_line(&file, |line| {
        if let Some(word) = std::str::from_utf8(line).ok().and_then(fold_word) {
            bloom.insert(&word);
        }
    })
    .map_err(unreadable)?;
    Ok(bloom)
}

/// Opens a file that is one and not too large.
fn open(path: &Path) -> Result<File, CommonListError> {
    let path_of = || path.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => CommonListError::Missing { path: path_of() },
        _ => CommonListError::Unreadable { path: path_of(), source },
    };
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(CommonListError::NotAFile { path: path_of() });
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(CommonListError::TooLarge { path: path_of(), bytes: metadata.len() });
    }
    File::open(path).map_err(failed)
}

fn count(file: &File) -> io::Result<Count> {
    let mut count = Count::default();
    each_line(file, |line| match std::str::from_utf8(line) {
        Ok(word) if fold_word(word).is_some() => {
            count.words += 1;
            count.hashes += usize::from(is_hash(word));
        }
        Ok(_) => {}
        Err(_) => count.not_text += 1,
    })?;
    Ok(count)
}

/// Shows every line, without its end, to `look`; of one that is too long only pieces.
fn each_line(file: &File, mut look: impl FnMut(&[u8])) -> io::Result<()> {
    // A file that grows while it is read is no reason to read for ever.
    let mut reader = BufReader::new(file).take(MAX_FILE_BYTES);
    let mut line = Vec::new();
    let mut within_long = false;
    loop {
        line.clear();
        // Two more than a line may have, for its end.
        let limit = MAX_LINE_BYTES as u64 + 2;
        if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let is_whole = line.ends_with(b"\n");
        let is_long = within_long || (!is_whole && line.len() as u64 == limit);
        within_long = is_long && !is_whole;
        if !is_long {
            look(without_end(&line));
        }
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line is a digest in hexadecimal, perhaps with a count behind it.
fn is_hash(line: &str) -> bool {
    let digest = line.split_once(':').map_or(line, |(digest, _)| digest);
    matches!(digest.len(), 32 | 40 | 64) && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    fn read_bytes(content: &[u8]) -> Result<Bloom<Vec<u8>>, CommonListError> {
        read(file_with(content).path())
    }

    #[test]
    fn every_line_is_a_word_however_lines_end() {
        let bloom = read_bytes(b"First Word\r\nsecond word\n\nshort\nlast word").unwrap();
        for word in ["first word", "second word", "last word"] {
            assert!(bloom.contains(word), "{word}");
        }
        assert!(!bloom.contains("First Word") && !bloom.contains("short"));
        assert_eq!(bloom.into_bytes().len(), 9, "room for the three words alone");
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_with_all_its_pieces() {
        // Two pieces as they are read, and one that looks like a word.
        let mut content = vec![b'x'; (MAX_LINE_BYTES + 2) * 2];
        content.extend_from_slice(b"tail of it\nnext word\n");
        let bloom = read_bytes(&content).unwrap();
        assert!(bloom.contains("next word") && !bloom.contains("tail of it"));
        assert_eq!(bloom.into_bytes().len(), 3);
    }

    #[test]
    fn some_lines_in_another_encoding_do_no_harm() {
        let bloom = read_bytes(b"caf\xe9caf\xe9caf\xe9\nfirst word\nsecond word\n").unwrap();
        assert!(bloom.contains("second word"));
    }

    #[test]
    fn what_is_no_list_of_words_is_refused() {
        let gone = tempfile::tempdir().unwrap().path().join("words.txt");
        assert!(matches!(read(&gone), Err(CommonListError::Missing { .. })));
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(CommonListError::NotAFile { .. })));
        assert!(matches!(read_bytes(b""), Err(CommonListError::Empty { .. })));
        assert!(matches!(read_bytes(b"short\n"), Err(CommonListError::Empty { .. })));
        let gzip = b"\x1f\x8b\x08\x00\xff\n\xfe\xff\n";
        assert!(matches!(read_bytes(gzip), Err(CommonListError::NotText { .. })));
        let hashes = b"000000005AD76BD555C1D6D771DE417A4B87E4B4:10\n";
        assert!(matches!(read_bytes(hashes), Err(CommonListError::Hashes { .. })));
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_before_it_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_FILE_BYTES + 1).unwrap();
        let refused = read(file.path()).err().unwrap();
        assert!(
            matches!(refused, CommonListError::TooLarge { bytes, .. } if bytes > MAX_FILE_BYTES)
        );
    }

    #[test]
    fn errors_name_the_file() {
        let refused = read(Path::new("no/such/list.txt")).err().unwrap();
        assert_eq!(refused.to_string(), "there is no word list at no/such/list.txt");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_without_waiting_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(matches!(read(&pipe), Err(CommonListError::NotAFile { .. })));
    }
}
