use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Body, Lines, MAX_BODY_BYTES, MAX_LINE_BYTES};
use crate::skipped::Skipped;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Read = Vec<Result<String, Skipped>>;

/// The lines of an object that comes in chunks of that size.
fn lines(object: &[u8], chunk: usize) -> Read {
    fn drain(lines: &mut Lines, read: &mut Read) {
        while let Some(line) = lines.next_line() {
            read.push(line.map(str::to_owned));
        }
    }
    let (mut lines, mut read) = (Lines::new(), Vec::new());
    for chunk in object.chunks(chunk) {
        lines.push(chunk);
        drain(&mut lines, &mut read);
    }
    lines.finish();
    drain(&mut lines, &mut read);
    assert_eq!(lines.next_line(), None, "an end stays an end");
    read
}

/// The object reads so however it is cut into chunks.
#[track_caller]
fn check(object: &[u8], expected: &[Result<&str, Skipped>]) {
    let expected: Read = expected.iter().map(|line| line.map(str::to_owned)).collect();
    for chunk in [1, 2, 3, 7, 1 << 20] {
        assert_eq!(lines(object, chunk), expected, "in chunks of {chunk}");
    }
}

#[test]
fn packed_and_plain_objects_read_alike() {
    let text = "{\"a\":1}\n\n  \r\n{\"b\":\"\u{8272}\"}\r\nlast";
    let expected = [Ok("{\"a\":1}"), Ok("{\"b\":\"\u{8272}\"}"), Ok("last")];
    check(text.as_bytes(), &expected);
    check(&gzip(text.as_bytes()), &expected);
}

#[test]
fn empty_objects_have_no_lines() {
    check(b"", &[]);
    check(b"\n", &[]);
    check(&gzip(b""), &[]);
}

#[test]
fn one_byte_is_a_line() {
    check(b"x", &[Ok("x")]);
    check(b"\x1f", &[Ok("\u{1f}")]);
}

#[test]
fn several_packed_files_in_one_are_read_on() {
    let object = [gzip(b"one\ntw"), gzip(b""), gzip(b"o\nthree")].concat();
    check(&object, &[Ok("one"), Ok("two"), Ok("three")]);
}

#[test]
fn a_truncated_object_gives_the_lines_before_the_cut() {
    let whole = gzip(b"one\ntwo\n");
    check(&whole[..whole.len() - 4], &[Ok("one"), Ok("two"), Err(Skipped::TruncatedGzip)]);
    check(&whole[..1], &[Ok("\u{1f}")]);
    check(&whole[..5], &[Err(Skipped::TruncatedGzip)]);
}

#[test]
fn a_line_that_is_cut_is_part_of_the_loss() {
    let noise: String = (0..4000_u32).map(|n| char::from(b'a' + (n * n % 25) as u8)).collect();
    let object = gzip(format!("one\n{noise}\n").as_bytes());
    let read = lines(&object[..object.len() / 2], 100);
    assert_eq!(read, [Ok("one".to_owned()), Err(Skipped::TruncatedGzip)]);
}

#[test]
fn a_damaged_object_gives_what_comes_before_the_damage() {
    let mut wrong_sum = gzip(b"one\n");
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 1;
    check(&wrong_sum, &[Ok("one"), Err(Skipped::DamagedGzip)]);
    check(
        &[gzip(b"one\n"), b"garbage here".to_vec()].concat(),
        &[Ok("one"), Err(Skipped::DamagedGzip)],
    );
}

#[test]
fn a_line_that_is_too_long_costs_itself_only() {
    let long = "x".repeat(MAX_LINE_BYTES + (1 << 20));
    let object = format!("one\n{long}\ntwo\n{long}");
    let expected = [Ok("one"), Err(Skipped::LineTooLong), Ok("two"), Err(Skipped::LineTooLong)];
    assert!(lines(object.as_bytes(), 1 << 16) == expected.map(|line| line.map(str::to_owned)));
}

#[test]
fn the_longest_line_is_read() {
    let long = "x".repeat(MAX_LINE_BYTES);
    let read = lines(format!("{long}\n{long}x\nb").as_bytes(), 1 << 16);
    assert!(read == [Ok(long), Err(Skipped::LineTooLong), Ok("b".to_owned())]);
}

#[test]
fn memory_does_not_grow_with_what_a_packed_object_unpacks_to() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..12 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    encoder.write_all(b"\nlast").unwrap();
    let object = encoder.finish().unwrap();
    let mut lines = Lines::new();
    lines.push(&object);
    lines.finish();
    assert_eq!(lines.next_line(), Some(Err(Skipped::LineTooLong)));
    assert_eq!(lines.next_line(), Some(Ok("last")));
    assert!(lines.buffer.capacity() <= 4 * MAX_LINE_BYTES, "{} bytes", lines.buffer.capacity());
}

#[test]
fn other_encodings_cost_their_lines() {
    check(b"one\n\xff\xfe\ntwo\n", &[Ok("one"), Err(Skipped::WrongEncoding), Ok("two")]);
    let utf_16: Vec<u8> = "{}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&utf_16, &[Err(Skipped::WrongEncoding), Err(Skipped::WrongEncoding)]);
    check(
        &[b"\xff\xfe".to_vec(), utf_16].concat(),
        &[Err(Skipped::WrongEncoding), Err(Skipped::WrongEncoding)],
    );
    check("\u{feff}{}\n".as_bytes(), &[Ok("{}")]);
}

fn body(object: &[u8]) -> Result<String, Skipped> {
    let mut body = Body::new();
    object.chunks(1000).for_each(|chunk| body.push(chunk));
    body.finish()
}

#[test]
fn bodies_are_read_whole_or_not_at_all() {
    let text = "[{\"a\":1},\n\"[DONE]\"]";
    assert_eq!(body(text.as_bytes()), Ok(text.to_owned()));
    assert_eq!(body(&gzip(text.as_bytes())), Ok(text.to_owned()));
    assert_eq!(body(&gzip(text.as_bytes())[..12]), Err(Skipped::TruncatedGzip));
    assert_eq!(body(&gzip(b"\xff")), Err(Skipped::WrongEncoding));
    assert_eq!(body(&vec![b'x'; MAX_BODY_BYTES + 1]), Err(Skipped::BodyTooLarge));
}
