//! Import of the operator's word list into a filter.
//!
//! The file is read twice, first to count the words and then to insert them, one line at a time.
//! Only the filter is kept in memory, with three bytes per word.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use crate::bloom::Bloom;
use crate::fold::{MAX_BYTES, fold_word};

/// Maximum size of the file: 256 MiB, whose filter takes at most 86 MiB.
pub(crate) const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Maximum length of a line. NFC can reduce a text to a third of its length; longer lines cannot be
/// passwords.
const MAX_LINE_BYTES: usize = MAX_BYTES * 3;

/// The reason why a word list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommonListError {
    /// The file does not exist.
    #[error("word list {} not found", path.display())]
    Missing {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file cannot be opened or read.
    #[error("cannot read word list {}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: io::Error,
    },
    /// A directory, a pipe or a device.
    #[error("word list {} is not a file", path.display())]
    NotAFile {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file is larger than 256 MiB.
    #[error("word list {} has {bytes} bytes, more than the maximum of {MAX_FILE_BYTES}", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Size of the file.
        bytes: u64,
    },
    /// Most lines are not UTF-8: a compressed file, or another encoding.
    #[error("word list {} is not UTF-8 text", path.display())]
    NotText {
        /// Path of the file.
        path: PathBuf,
    },
    /// Most lines are hashes, as in the files of Pwned Passwords.
    #[error("word list {} contains hashes instead of words", path.display())]
    Hashes {
        /// Path of the file.
        path: PathBuf,
    },
    /// No line can be a password.
    #[error("word list {} has no line of 8 characters or more", path.display())]
    Empty {
        /// Path of the file.
        path: PathBuf,
    },
}

/// Number of lines by kind.
#[derive(Default)]
struct Count {
    words: usize,
    hashes: usize,
    not_text: usize,
}

/// Reads a file with one word per line into a filter.
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

    let mut bloom = Bloom::with_capacity(count.words);
    file.rewind().map_err(unreadable)?;
    each_line(&file, |line| {
        if let Some(word) = std::str::from_utf8(line).ok().and_then(fold_word) {
            bloom.insert(&word);
        }
    })
    .map_err(unreadable)?;
    Ok(bloom)
}

/// Opens a regular file that is not too large.
fn open(path: &Path) -> Result<File, CommonListError> {
    let path_of = || path.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => CommonListError::Missing { path: path_of() },
        _ => CommonListError::Unreadable { path: path_of(), source },
    };
    // Checked before opening, because opening a pipe blocks until another process writes to it.
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

/// Calls `visit` with every line without its line ending; lines that are too long are skipped.
fn each_line(file: &File, mut visit: impl FnMut(&[u8])) -> io::Result<()> {
    // Bounded, because the file can grow while it is read.
    let mut reader = BufReader::new(file).take(MAX_FILE_BYTES);
    let mut line = Vec::new();
    let mut within_long = false;
    loop {
        line.clear();
        // Two bytes more than the maximum, for the line ending.
        let limit = MAX_LINE_BYTES as u64 + 2;
        if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let is_whole = line.ends_with(b"\n");
        let is_long = within_long || (!is_whole && line.len() as u64 == limit);
        within_long = is_long && !is_whole;
        if !is_long {
            visit(trim_line_ending(&line));
        }
    }
}

fn trim_line_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Returns `true` if a line is a hexadecimal digest, optionally followed by a count.
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
    fn every_line_is_a_word_with_any_line_ending() {
        let bloom = read_bytes(b"First Word\r\nsecond word\n\nshort\nlast word").unwrap();
        for word in ["first word", "second word", "last word"] {
            assert!(bloom.contains(word), "{word}");
        }
        assert!(!bloom.contains("First Word") && !bloom.contains("short"));
        assert_eq!(bloom.into_bytes().len(), 9, "capacity for three words");
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_completely() {
        // Two full reads, and a rest that is short enough for a word.
        let mut content = vec![b'x'; (MAX_LINE_BYTES + 2) * 2];
        content.extend_from_slice(b"tail of it\nnext word\n");
        let bloom = read_bytes(&content).unwrap();
        assert!(bloom.contains("next word") && !bloom.contains("tail of it"));
        assert_eq!(bloom.into_bytes().len(), 3);
    }

    #[test]
    fn a_few_lines_in_another_encoding_are_skipped() {
        let bloom = read_bytes(b"caf\xe9caf\xe9caf\xe9\nfirst word\nsecond word\n").unwrap();
        assert!(bloom.contains("second word"));
    }

    #[test]
    fn files_that_are_not_a_word_list_are_rejected() {
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
    fn a_file_that_is_too_large_is_rejected_before_it_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_FILE_BYTES + 1).unwrap();
        let rejected = read(file.path()).err().unwrap();
        assert!(
            matches!(rejected, CommonListError::TooLarge { bytes, .. } if bytes > MAX_FILE_BYTES)
        );
    }

    #[test]
    fn errors_contain_the_path() {
        let rejected = read(Path::new("no/such/list.txt")).err().unwrap();
        assert_eq!(rejected.to_string(), "word list no/such/list.txt not found");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_rejected_without_blocking() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(matches!(read(&pipe), Err(CommonListError::NotAFile { .. })));
    }
}
