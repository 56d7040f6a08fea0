//! From the bytes of a file to a picture.

use std::io::{self, Cursor, Read as _};
use std::path::Path;

use image::codecs::png::PngDecoder;
use image::{ColorType, DynamicImage, GrayImage, ImageDecoder as _, ImageFormat, ImageReader, Rgb};

use super::ImageError;
use super::ground::lay_on;
use super::limits::{self, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_SIDE, Room};
use super::quiet::catch;
use crate::cause::told_once;
use crate::files;

/// Opens a picture: 8 bits a channel, grey or in colour, upright as the camera says, laid on `ground` where it
/// is transparent. What the file holds counts, not how its name ends. Of an animation it is the first picture.
///
/// # Errors
/// If the file cannot be read, is no picture, is damaged, or is larger than [`MAX_IMAGE_PIXELS`] and [`MAX_IMAGE_BYTES`]
/// allow: that is found out before the picture is decoded.
pub(crate) fn open_picture(path: &Path, ground: Rgb<u8>) -> Result<DynamicImage, ImageError> {
    let mut room = Room::default();
    let bytes = read(path, &mut room)?;
    let format = format(path, &bytes)?;
    let picture = catch(|| decode(path, &bytes, format, &mut room));
    let picture = picture.unwrap_or_else(|panic| {
        Err(ImageError::Decode { path: path.into(), source: panic.into() })
    })?;
    lay_on(picture, ground)
        .ok_or_else(|| ImageError::Invisible { path: path.into(), ground: ground.0 })
}

/// The picture that the bytes of a PNG file in grey hold; the path is for messages alone. It is for the course's own data, and
/// brings no other formats into a program.
pub(crate) fn grey_png(path: &Path, bytes: &[u8]) -> Result<GrayImage, ImageError> {
    let damaged = |error| ImageError::Decode { path: path.into(), source: told_once(&error) };
    let decoder = PngDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let (columns, rows) = decoder.dimensions();
    if decoder.color_type() != ColorType::L8 || rows.max(columns) > 1024 {
        let problem = format!("it is no grey PNG file of {columns} x {rows} pixels");
        return Err(ImageError::Format { path: path.into(), problem });
    }
    let mut pixels = vec![0; columns as usize * rows as usize];
    decoder.read_image(&mut pixels).map_err(damaged)?;
    Ok(GrayImage::from_raw(columns, rows, pixels).expect("a byte for each pixel"))
}

fn read(path: &Path, room: &mut Room) -> Result<Vec<u8>, ImageError> {
    let mut bytes = || -> io::Result<Result<Vec<u8>, u64>> {
        let file = files::open(path)?;
        let len = file.metadata()?.len();
        room.make(len);
        let mut bytes = Vec::new();
        // The file may grow meanwhile.
        file.take(MAX_IMAGE_BYTES + 1).read_to_end(&mut bytes)?;
        let len = len.max(bytes.len() as u64);
        Ok(if len > MAX_IMAGE_BYTES { Err(len) } else { Ok(bytes) })
    };
    match bytes() {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(len)) => {
            let what = format!("{} MiB", len >> 20);
            Err(ImageError::TooLarge { path: path.into(), what })
        }
        Err(source) => Err(ImageError::Open { path: path.into(), source }),
    }
}

fn decode(
    path: &Path,
    bytes: &[u8],
    format: ImageFormat,
    room: &mut Room,
) -> Result<DynamicImage, ImageError> {
    let damaged = |error| match error {
        image::ImageError::Limits(_) => {
            ImageError::TooLarge { path: path.into(), what: "more than that".into() }
        }
        error => ImageError::Decode { path: path.into(), source: told_once(&error) },
    };
    let too_large = |what| Err(ImageError::TooLarge { path: path.into(), what });
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = limits::for_decoders();
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(damaged)?;

    let (columns, rows) = decoder.dimensions();
    let pixels = u64::from(columns) * u64::from(rows);
    if pixels > MAX_IMAGE_PIXELS || rows.max(columns) > MAX_SIDE {
        return too_large(format!("{columns} x {rows} pixels"));
    }
    if decoder.total_bytes() > MAX_IMAGE_BYTES {
        return too_large(format!("{} MiB without its compression", decoder.total_bytes() >> 20));
    }
    // Deflate packs at most 1032 bytes into one: a short file that claims more has lost its end.
    let bits = pixels * u64::from(decoder.original_color_type().bits_per_pixel());
    if format == ImageFormat::Png && bits / 8 / 1032 > bytes.len() as u64 {
        let problem = format!("{} bytes cannot hold {columns} x {rows} pixels", bytes.len());
        return Err(ImageError::Decode { path: path.into(), source: problem.into() });
    }
    room.make(decoder.total_bytes());
    limits.reserve(decoder.total_bytes()).map_err(damaged)?;
    decoder.set_limits(limits).map_err(damaged)?;
    // A picture whose note about the camera is damaged is still a picture.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

/// The format of a file, by its first bytes.
fn format(path: &Path, bytes: &[u8]) -> Result<ImageFormat, ImageError> {
    let problem = match image::guess_format(bytes) {
        Ok(format) if format.reading_enabled() => return Ok(format),
        Ok(format) => without_feature(path, format),
        Err(_) if bytes.is_empty() => "the file is empty: copy or save it once more".into(),
        Err(_) if is_heic(bytes) => {
            "it is a HEIC file, as iPhones make them, and those are not read: save it as PNG or JPEG"
                .into()
        }
        Err(_) => format!("its content is that of no image; {READ}"),
    };
    Err(ImageError::Format { path: path.into(), problem })
}

/// The formats that can be read, in words.
const READ: &str = if cfg!(feature = "photos") {
    "PNG, JPEG, WebP, BMP, GIF and TIFF files can be read"
} else {
    "PNG files can be read; with the feature `photos` of this crate also JPEG, WebP, BMP, GIF and TIFF"
};

fn without_feature(path: &Path, format: ImageFormat) -> String {
    let name = match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Gif => "GIF",
        ImageFormat::WebP => "WebP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Bmp => "BMP",
        other => return format!("it is a file of the format {other:?}, which is not read; {READ}"),
    };
    let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned());
    let ending = match ending {
        Some(ending) if ImageFormat::from_extension(&ending) != Some(format) => {
            format!(", though its name ends in .{ending}")
        }
        _ => String::new(),
    };
    format!(
        "it is a {name} file{ending}, and those take the feature `photos`: write \
         `mnist_from_scratch = {{ …, features = [\"photos\"] }}` in Cargo.toml, or save the image as PNG"
    )
}

fn is_heic(bytes: &[u8]) -> bool {
    let brands: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1"];
    bytes.get(4..8) == Some(b"ftyp")
        && bytes.get(8..12).is_some_and(|brand| brands.contains(&brand))
}
