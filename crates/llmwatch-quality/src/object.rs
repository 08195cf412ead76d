//! The lines of an object that arrives in chunks, in memory that does not grow with it.
//!
//! Bedrock's log objects are gzip; captures, and objects somebody unpacked, are not: the first bytes
//! tell, not the name. A gzip file may be several put together. No object fails as a whole: what
//! cannot be read is one counted [`Skipped`], and reading goes on wherever it can.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::str;

use flate2::bufread::MultiGzDecoder;

use crate::skipped::Skipped;

/// The longest line that is read, in bytes.
///
/// Bedrock puts bodies of more than 100 KB into objects of their own; SageMaker captures payloads of
/// up to 6 MB, which base64 makes 8 MiB.
pub const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

/// The largest body that is read, unpacked, in bytes. Bedrock takes requests of up to 25 MB.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>,
/// read 2026-11-22.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// How much is unpacked at a time.
const STEP_BYTES: usize = 64 * 1024;

/// The first bytes of a gzip file. Source: RFC 1952, section 2.3.1.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads an object's lines.
///
/// [`push`](Self::push) a chunk, ask for [lines](Self::next_line) until there are none, push the next;
/// after the last chunk [`finish`](Self::finish), and ask again.
///
/// ```
/// use llmwatch_quality::object::Lines;
///
/// let mut lines = Lines::new();
/// let mut read = Vec::new();
/// for chunk in ["{\"a\":1}\n{\"b\"", ":2}"] {
///     lines.push(chunk.as_bytes());
///     while let Some(line) = lines.next_line() {
///         read.push(line.map(str::to_owned));
///     }
/// }
/// lines.finish();
/// while let Some(line) = lines.next_line() {
///     read.push(line.map(str::to_owned));
/// }
/// assert_eq!(read, [Ok("{\"a\":1}".to_owned()), Ok("{\"b\":2}".to_owned())]);
/// ```
#[derive(Debug, Default)]
pub struct Lines {
    unpacked: Unpacked,
    buffer: Vec<u8>,
    /// Where the line that is next starts in `buffer`.
    start: usize,
    /// Up to where `buffer` is known to have no end of that line.
    searched: usize,
    /// Whether the rest of a line that is too long is being passed over.
    passing_over: bool,
}

impl Lines {
    /// A reader of one object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the object.
    pub fn push(&mut self, chunk: &[u8]) {
        self.unpacked.push(chunk);
    }

    /// Says that the object has no more bytes.
    pub fn finish(&mut self) {
        self.unpacked.finish();
    }

    /// The next line that is not blank, without its end; none until the next chunk.
    ///
    /// # Errors
    ///
    /// [`Skipped`] for a line, or for the rest of the object, that cannot be read; go on asking.
    pub fn next_line(&mut self) -> Option<Result<&str, Skipped>> {
        match self.next_range()? {
            Ok(range) => Some(text(&self.buffer[range])),
            Err(skipped) => Some(Err(skipped)),
        }
    }

    fn next_range(&mut self) -> Option<Result<Range<usize>, Skipped>> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
                let line = self.start..self.searched + at;
                (self.start, self.searched) = (line.end + 1, line.end + 1);
                let is_tail = std::mem::take(&mut self.passing_over);
                if is_tail || is_blank(&self.buffer[line.clone()]) {
                    continue;
                }
                return Some(if line.len() > MAX_LINE_BYTES {
                    Err(Skipped::LineTooLong)
                } else {
                    Ok(line)
                });
            }
            self.searched = self.buffer.len();
            if self.passing_over {
                self.start = self.searched;
            } else if self.searched - self.start > MAX_LINE_BYTES {
                (self.start, self.passing_over) = (self.searched, true);
                return Some(Err(Skipped::LineTooLong));
            }
            self.forget_read();
            match self.unpacked.read(&mut self.buffer) {
                Step::Read => {}
                Step::Starved => return None,
                Step::End => return self.last_range().map(Ok),
                Step::Broken(skipped) => {
                    // What there is of a line is part of what is lost.
                    (self.start, self.passing_over) = (self.buffer.len(), false);
                    return Some(Err(skipped));
                }
            }
        }
    }

    /// The last line, if the object does not end with a line's end.
    fn last_range(&mut self) -> Option<Range<usize>> {
        let line = self.start..self.buffer.len();
        self.start = self.buffer.len();
        (!self.passing_over && !is_blank(&self.buffer[line.clone()])).then_some(line)
    }

    /// Drops the lines that have been handed out.
    fn forget_read(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
    }
}

/// Whether a line has no text; a half of UTF-16's line end has none either.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

/// A line's text; UTF-16 betrays itself by its zero bytes, which no JSON has.
fn text(line: &[u8]) -> Result<&str, Skipped> {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let text = str::from_utf8(line).map_err(|_| Skipped::WrongEncoding)?;
    if memchr::memchr(0, line).is_some() {
        return Err(Skipped::WrongEncoding);
    }
    Ok(text.trim_ascii())
}

/// Reads an object that is one body.
#[derive(Debug, Default)]
pub struct Body {
    unpacked: Unpacked,
    text: Vec<u8>,
    failed: Option<Skipped>,
}

impl Body {
    /// A reader of one object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the object.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            self.unpacked.push(chunk);
            self.read();
        }
    }

    /// The body's text.
    ///
    /// # Errors
    ///
    /// [`Skipped`] where it is larger than [`MAX_BODY_BYTES`], cut off, damaged, or not UTF-8.
    pub fn finish(mut self) -> Result<String, Skipped> {
        self.unpacked.finish();
        self.read();
        match self.failed {
            Some(skipped) => Err(skipped),
            None => String::from_utf8(self.text).map_err(|_| Skipped::WrongEncoding),
        }
    }

    fn read(&mut self) {
        while self.failed.is_none() {
            match self.unpacked.read(&mut self.text) {
                Step::Read if self.text.len() > MAX_BODY_BYTES => {
                    self.failed = Some(Skipped::BodyTooLarge);
                }
                Step::Read => {}
                Step::Starved | Step::End => return,
                Step::Broken(skipped) => self.failed = Some(skipped),
            }
        }
    }
}

/// Bytes as they were before packing, if they were packed.
#[derive(Debug, Default)]
struct Unpacked {
    source: Source,
    /// Where a step's bytes are unpacked to.
    step: Vec<u8>,
}

#[derive(Debug)]
enum Source {
    /// The first bytes have not come.
    Undecided(Feed),
    Plain(Feed),
    Gzip(Box<MultiGzDecoder<Feed>>),
    /// Nothing more comes.
    Over,
}

impl Default for Source {
    fn default() -> Self {
        Self::Undecided(Feed::default())
    }
}

/// What came of reading on.
enum Step {
    /// Bytes were added.
    Read,
    /// The next chunk is needed.
    Starved,
    /// There is no more.
    End,
    /// There is more, which cannot be had.
    Broken(Skipped),
}

impl Unpacked {
    fn push(&mut self, chunk: &[u8]) {
        if let Some(feed) = self.source.feed() {
            feed.push(chunk);
        }
    }

    fn finish(&mut self) {
        if let Some(feed) = self.source.feed() {
            feed.has_ended = true;
        }
    }

    /// Adds a step's bytes to `to`.
    fn read(&mut self, to: &mut Vec<u8>) -> Step {
        self.source.decide();
        let from: &mut dyn Read = match &mut self.source {
            Source::Undecided(_) => return Step::Starved,
            Source::Plain(feed) => feed,
            Source::Gzip(decoder) => decoder,
            Source::Over => return Step::End,
        };
        self.step.resize(STEP_BYTES, 0);
        match from.read(&mut self.step) {
            Ok(0) => {
                self.source = Source::Over;
                Step::End
            }
            Ok(count) => {
                to.extend_from_slice(&self.step[..count]);
                Step::Read
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Step::Starved,
            Err(error) => {
                self.source = Source::Over;
                Step::Broken(match error.kind() {
                    io::ErrorKind::UnexpectedEof => Skipped::TruncatedGzip,
                    _ => Skipped::DamagedGzip,
                })
            }
        }
    }
}

impl Source {
    fn feed(&mut self) -> Option<&mut Feed> {
        match self {
            Self::Undecided(feed) | Self::Plain(feed) => Some(feed),
            Self::Gzip(decoder) => Some(decoder.get_mut()),
            Self::Over => None,
        }
    }

    /// Tells by the first bytes whether the object is packed.
    fn decide(&mut self) {
        let Self::Undecided(feed) = self else { return };
        let first = feed.rest();
        if first.len() < GZIP_MAGIC.len() && !feed.has_ended {
            return;
        }
        let is_gzip = first.starts_with(&GZIP_MAGIC);
        let feed = std::mem::take(feed);
        *self = if is_gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(feed)))
        } else {
            Self::Plain(feed)
        };
    }
}

/// Bytes that have come and have not been read. Reading says `WouldBlock` until it has ended.
#[derive(Debug, Default)]
struct Feed {
    bytes: Vec<u8>,
    read: usize,
    has_ended: bool,
}

impl Feed {
    fn push(&mut self, chunk: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(chunk);
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.read..]
    }
}

impl Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest().is_empty() && !self.has_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(self.rest())
    }

    fn consume(&mut self, count: usize) {
        self.read = (self.read + count).min(self.bytes.len());
    }
}

#[cfg(test)]
mod tests;
