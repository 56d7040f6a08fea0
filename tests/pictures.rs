//! Opening pictures of every kind, damaged ones, and files that only pretend to be some.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use mnist_from_scratch::image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba,
    RgbaImage,
};
use mnist_from_scratch::prelude::*;

/// A PNG file written by hand: 2 rows of 2 pixels, of this colour type and depth.
struct Png {
    size: [u32; 2],
    depth: u8,
    colour: u8,
    before: Vec<(&'static [u8; 4], Vec<u8>)>,
    rows: Vec<u8>,
    after: Vec<(&'static [u8; 4], Vec<u8>)>,
}

const GREY: u8 = 0;
const COLOUR: u8 = 2;
const PALETTE: u8 = 3;

impl Png {
    fn new(colour: u8, depth: u8, rows: &[&[u8]]) -> Self {
        // Before each row stands the number of its filter.
        let rows = rows.iter().flat_map(|row| [&[0], *row].concat()).collect();
        Self { size: [2, 2], depth, colour, before: vec![], rows, after: vec![] }
    }

    fn chunk(mut self, name: &'static [u8; 4], data: &[u8]) -> Self {
        self.before.push((name, data.to_vec()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = self.size.map(u32::to_be_bytes).concat();
        header.extend([self.depth, self.colour, 0, 0, 0]);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(&self.rows).unwrap();
        let mut chunks = vec![(b"IHDR", header)];
        chunks.extend(self.before.clone());
        chunks.push((b"IDAT", zlib.finish().unwrap()));
        chunks.extend(self.after.clone());
        chunks.push((b"IEND", vec![]));
        for (name, data) in chunks {
            file.extend((data.len() as u32).to_be_bytes());
            file.extend(with_checksum(&[&name[..], &data].concat()));
        }
        file
    }
}

fn with_checksum(chunk: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(chunk);
    [chunk, &crc.sum().to_be_bytes()].concat()
}

/// A palette whose colours are cut off in the middle of the second.
fn bad_palette() -> Vec<u8> {
    Png::new(PALETTE, 8, &[&[0, 1], &[1, 0]]).chunk(b"PLTE", &[1, 2, 3, 4]).bytes()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The pixels of a file with these bytes.
    fn opened(&self, bytes: &[u8]) -> Vec<u8> {
        image_open(self.file("picture.png", bytes)).unwrap().into_raw()
    }

    fn error(&self, name: &str, bytes: &[u8]) -> String {
        error(&self.file(name, bytes))
    }
}

/// The message, and whatever caused it, of opening a file that cannot be.
fn error(path: &Path) -> String {
    let error = image_open(path).unwrap_err();
    let message = format!("{:#}", mnist_from_scratch::anyhow::Error::from(error));
    assert!(message.contains(&path.display().to_string()), "{message}");
    message
}

#[test]
fn every_kind_of_png_has_the_pixels_that_a_viewer_shows() {
    let folder = Folder::new();
    // One bit, two bits, sixteen.
    assert_eq!(folder.opened(&Png::new(GREY, 1, &[&[0x40], &[0x80]]).bytes()), [0, 255, 255, 0]);
    assert_eq!(folder.opened(&Png::new(GREY, 2, &[&[0x10], &[0xb0]]).bytes()), [0, 85, 170, 255]);
    let sixteen = Png::new(GREY, 16, &[&[0, 0, 255, 255], &[128, 128, 1, 1]]);
    assert_eq!(folder.opened(&sixteen.bytes()), [0, 255, 128, 1]);
    // A palette, two of whose colours are transparent, one of them in part: on white paper.
    let palette = Png::new(PALETTE, 8, &[&[0, 1], &[2, 2]])
        .chunk(b"PLTE", &[0, 0, 0, 0, 0, 0, 50, 50, 50])
        .chunk(b"tRNS", &[0, 51]);
    assert_eq!(folder.opened(&palette.bytes()), [255, 204, 50, 50]);
    // A colour that stands for nothing.
    let grey = Png::new(GREY, 8, &[&[9, 8], &[9, 0]]).chunk(b"tRNS", &[0, 9]);
    assert_eq!(folder.opened(&grey.bytes()), [255, 8, 255, 0]);
    let colour = Png::new(COLOUR, 8, &[&[9, 9, 9, 8, 8, 8], &[9, 9, 9, 0, 0, 0]]);
    let colour = colour.chunk(b"tRNS", &[0, 9, 0, 9, 0, 9]);
    assert_eq!(folder.opened(&colour.bytes()), [255, 8, 255, 0]);
}

#[test]
fn transparent_ink_lies_on_white_paper_or_on_the_ground_of_ones_choice() {
    let folder = Folder::new();
    let path = folder.0.path().join("ink.png");
    let pixels = |path: &Path| image_open(path).unwrap().into_raw();
    let two =
        |ink: Rgba<u8>| RgbaImage::from_fn(2, 1, |x, _| if x == 0 { ink } else { Rgba([0; 4]) });
    two(Rgba([0, 0, 0, 255])).save(&path).unwrap();
    assert_eq!(pixels(&path), [0, 255]);
    two(Rgba([255, 255, 255, 255])).save(&path).unwrap();
    assert_eq!(image_open_on(&path, Rgb([0; 3])).unwrap().as_raw(), &[255, 0]);
    let message = error(&path);
    assert!(
        message.contains("[255, 255, 255] nothing of it can be seen; choose another"),
        "{message}"
    );
    // With grey ink, and with sixteen bits.
    GrayAlphaImage::from_fn(2, 1, |x, _| LumaA([0, 255 * x as u8])).save(&path).unwrap();
    assert_eq!(pixels(&path), [255, 0]);
    let deep = ImageBuffer::from_fn(2, 1, |x, _| Rgba([0, 0, 0, 0xffff * x as u16]));
    DynamicImage::ImageRgba16(deep).save(&path).unwrap();
    assert_eq!(pixels(&path), [255, 0]);
    // As a drawing program made it: all black, before.
    let ink = image_open("tests/pictures/transparent_ink.png").unwrap();
    let light = ink.pixels().filter(|pixel| pixel[0] > 200).count();
    assert!(ink.pixels().any(|pixel| pixel[0] < 50) && light > 400, "{light} light pixels");
}

#[test]
fn an_animation_is_its_first_picture() {
    let mut png = Png::new(GREY, 8, &[&[1, 2], &[3, 4]]).chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let frame = |number: u8| {
        let mut data = vec![0, 0, 0, number, 0, 0, 0, 2, 0, 0, 0, 2];
        data.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0]);
        data
    };
    png = png.chunk(b"fcTL", &frame(0));
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&[0, 9, 9, 0, 9, 9]).unwrap();
    png.after =
        vec![(b"fcTL", frame(1)), (b"fdAT", [vec![0, 0, 0, 2], zlib.finish().unwrap()].concat())];
    assert_eq!(Folder::new().opened(&png.bytes()), [1, 2, 3, 4]);
}

#[test]
fn a_panic_of_the_decoder_is_an_error_with_the_name_of_the_file() {
    let message = Folder::new().error("palette.png", &bad_palette());
    assert!(message.starts_with("decoding the image ") && message.contains("damaged"), "{message}");
}

/// What `nothing_is_printed_when_a_decoder_panics` starts in a process of its own.
#[test]
fn a_panic_heard_by_nobody() {
    Folder::new().error("palette.png", &bad_palette());
}

#[test]
fn nothing_is_printed_when_a_decoder_panics() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_panic_heard_by_nobody", "--nocapture"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_a_picture_claims_is_checked_before_there_is_memory_for_it() {
    let folder = Folder::new();
    let claim = |size, depth| {
        let mut png = Png::new(COLOUR, depth, &[&[0; 6], &[0; 6]]);
        png.size = size;
        folder.error("claim.png", &png.bytes())
    };
    let message = claim([60_000, 60_000], 8);
    assert!(message.contains("it has 60000 x 60000 pixels; at most 64000000 pixels"), "{message}");
    assert!(claim([40_000, 1], 8).contains("it has 40000 x 1 pixels"));
    let message = claim([u32::MAX >> 1, u32::MAX >> 1], 8);
    assert!(message.contains("it has more than that; at most 64000000 pixels"), "{message}");
    assert!(claim([8_000, 8_000], 16).contains("it has 366 MiB without its compression"));
    let message = claim([8_000, 8_000], 8);
    assert!(message.contains("bytes cannot hold 8000 x 8000 pixels"), "{message}");
    // An empty sheet, which is packed as tightly as can be, is no such claim.
    let blank = folder.0.path().join("blank.png");
    GrayImage::from_pixel(3_000, 2_000, Luma([255])).save(&blank).unwrap();
    assert_eq!(image_open(blank).unwrap().height(), 2_000);
}

#[test]
fn files_that_are_no_pictures() {
    let folder = Folder::new();
    assert!(folder.error("empty.png", b"").contains("the file is empty"));
    let text = folder.error("text.png", b"not an image");
    assert!(text.contains("its content is that of no image; PNG"), "{text}");
    let heic = folder.error("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    assert!(heic.contains("HEIC file, as iPhones make them"), "{heic}");
    let icon = folder.error("a.ico", &[0, 0, 1, 0, 1, 0]);
    assert!(icon.contains("of the format Ico, which is not read; PNG"), "{icon}");
    assert!(error(folder.0.path()).contains("it is a folder or a device, not a file"));
    assert!(error(&folder.0.path().join("missing.png")).contains("is it there"));
    for message in [text, heic] {
        assert!(!message.contains("delete") && !message.contains("unpack"), "{message}");
    }
}

/// A pipe to which nobody writes would be waited for.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_picture() {
    let folder = Folder::new();
    let pipe = folder.0.path().join("pipe.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(error(&pipe).contains("not a file"));
    }
}

/// One picture of each kind, as files.
fn kinds() -> Vec<Vec<u8>> {
    let colours = |x: u32, y: u32| Rgb([20 * x as u8, 30 * y as u8, 7]);
    let pictures: Vec<DynamicImage> = vec![
        GrayImage::from_fn(9, 7, |x, y| Luma([(25 * x + y) as u8])).into(),
        RgbImage::from_fn(9, 7, colours).into(),
        RgbaImage::from_fn(9, 7, |x, y| Rgba([20 * x as u8, 9, 30 * y as u8, 28 * x as u8])).into(),
        DynamicImage::ImageLuma16(ImageBuffer::from_fn(9, 7, |x, y| Luma([(3000 * x + y) as u16]))),
        DynamicImage::ImageLumaA16(ImageBuffer::from_fn(5, 4, |x, y| {
            LumaA([999, (x * y) as u16 * 500])
        })),
    ];
    let formats = mnist_from_scratch::image::ImageFormat::all()
        .filter(|format| format.writing_enabled() && format.reading_enabled());
    let mut files = vec![
        bad_palette(),
        Png::new(PALETTE, 4, &[&[0x01], &[0x10]]).chunk(b"PLTE", &[1, 2, 3, 4, 5, 6]).bytes(),
        Png::new(PALETTE, 8, &[&[0, 1], &[1, 0]])
            .chunk(b"PLTE", &[0; 6])
            .chunk(b"tRNS", &[9])
            .bytes(),
    ];
    for format in formats {
        for picture in &pictures {
            let mut bytes = std::io::Cursor::new(Vec::new());
            if picture.write_to(&mut bytes, format).is_ok() {
                files.push(bytes.into_inner());
            }
        }
    }
    files
}

/// Gives the chunks of a damaged PNG file right checksums again, so that the damage gets past them.
fn right_checksums(file: &mut [u8]) {
    let mut at = 8;
    while let Some(len) = file.get(at..at + 4) {
        let len = u32::from_be_bytes(len.try_into().unwrap()) as usize;
        let end = at.saturating_add(8).saturating_add(len);
        if end.saturating_add(4) > file.len() {
            return;
        }
        let chunk = with_checksum(&file[at + 4..end]);
        file[at + 4..end + 4].copy_from_slice(&chunk);
        at = end + 4;
    }
}

/// Each is opened, or refused with its name: never a panic, never memory without bound.
#[test]
fn damaged_pictures_are_opened_or_refused() {
    let folder = Folder::new();
    let mut random = Random::new(42);
    let (mut opened, mut refused) = (0, 0);
    let mut attack = |bytes: &[u8]| match image_open(folder.file("damaged.png", bytes)) {
        Ok(_) => opened += 1,
        Err(error) => {
            assert!(error.to_string().contains("damaged.png: "), "{error}");
            refused += 1;
        }
    };
    for file in kinds() {
        for len in (0..file.len()).step_by(file.len().div_ceil(50)) {
            attack(&file[..len]);
        }
        for _ in 0..60 {
            let mut bytes = file.clone();
            for _ in 0..random.randint(1, 3) {
                let at = random.randint(8, bytes.len() as u64 - 1) as usize;
                bytes[at] = random.randint(0, 255) as u8;
            }
            if bytes.starts_with(b"\x89PNG") && random.randint(0, 3) > 0 {
                right_checksums(&mut bytes);
            }
            attack(&bytes);
        }
    }
    assert!(opened > 50 && refused > 300, "{opened} opened, {refused} refused");
}

#[cfg(not(feature = "photos"))]
#[test]
fn without_the_feature_photos_the_error_names_it() {
    let jpeg = fs::read("tests/pictures/grey.jpg").unwrap();
    let folder = Folder::new();
    let message = folder.error("three.jpg", &jpeg);
    assert!(
        message.contains("it is a JPEG file, and those take the feature `photos`"),
        "{message}"
    );
    let message = folder.error("three.png", &jpeg);
    assert!(message.contains("a JPEG file, though its name ends in .png, and those"), "{message}");
}

#[cfg(feature = "photos")]
mod photos {
    use super::*;

    #[test]
    fn what_a_file_holds_counts_and_not_its_name() {
        let jpeg = fs::read("tests/pictures/grey.jpg").unwrap();
        let folder = Folder::new();
        let first = image_open(folder.file("three.jpg", &jpeg)).unwrap();
        assert_eq!(image_open(folder.file("three.png", &jpeg)).unwrap(), first);
        assert_eq!(image_open(folder.file("three", &jpeg)).unwrap(), first);
    }

    #[test]
    fn all_formats_have_the_same_pixels() {
        let folder = Folder::new();
        let grey = GrayImage::from_fn(5, 3, |x, y| Luma([(50 * x + y) as u8]));
        for ending in ["png", "bmp", "tiff", "webp", "gif"] {
            let path = folder.0.path().join(format!("grey.{ending}"));
            // GIF and WebP have no grey.
            DynamicImage::from(grey.clone()).to_rgb8().save(&path).unwrap();
            assert_eq!(image_open(&path).unwrap(), grey, "{ending}");
        }
        let path = folder.0.path().join("deep.tiff");
        DynamicImage::from(grey.clone()).to_luma16().save(&path).unwrap();
        assert_eq!(image_open(&path).unwrap(), grey);
        let path = folder.0.path().join("ink.webp");
        RgbaImage::from_fn(2, 1, |x, _| Rgba([0, 0, 0, 255 * x as u8])).save(&path).unwrap();
        assert_eq!(image_open(&path).unwrap().as_raw(), &[255, 0]);
    }

    #[test]
    fn cyan_magenta_yellow_and_black() {
        // No cyan, all magenta, all yellow: red, whose brightness is 54.
        let red = image_open("tests/pictures/cmyk.jpg").unwrap();
        assert!(red.pixels().all(|pixel| pixel[0].abs_diff(54) < 6), "{:?}", red.as_raw());
    }

    #[test]
    fn a_photo_stands_upright() {
        // 16 columns and 8 rows with the left half black, and the camera's note to turn it to the right.
        let turned = image_open("tests/pictures/turned.jpg").unwrap();
        assert_eq!(turned.dimensions(), (8, 16));
        assert!(turned.get_pixel(4, 2)[0] < 30 && turned.get_pixel(4, 13)[0] > 220);
    }
}
