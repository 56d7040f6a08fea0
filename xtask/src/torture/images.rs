//! Damaged pictures in every format that can be read, through every loader: a picture or an error that names the
//! file, never a panic.

use std::path::Path;

use anyhow::{Result, ensure};
use mnist_from_scratch::image::{DynamicImage, GrayImage, ImageFormat, RgbaImage};
use mnist_from_scratch::tensor::{image_open, open_images};
use mnist_from_scratch::vision::ImageDataLoaders;

use crate::attack::{Attack, Fate, Suite};
use crate::damage::damage;
use crate::random::Random;

pub(crate) const SUITE: Suite = Suite {
    name: "images",
    about: "damaged PNG, JPEG and other files through every loader",
    attack,
};

const FORMATS: [(ImageFormat, &str); 7] = [
    (ImageFormat::Png, "png"),
    (ImageFormat::Jpeg, "jpg"),
    (ImageFormat::Gif, "gif"),
    (ImageFormat::Bmp, "bmp"),
    (ImageFormat::WebP, "webp"),
    (ImageFormat::Tiff, "tiff"),
    (ImageFormat::Pnm, "ppm"),
];

fn attack(attack: &mut Attack) -> Result<Fate> {
    let room = attack.room()?;
    let random = &mut attack.random;
    let (bytes, ending) = picture(random);
    let damaged = match random.below(3) {
        0 if ending == "png" => damaged_but_signed(random, &bytes),
        _ => damage(random, &bytes),
    };
    // The ending may be that of another format.
    let ending = if random.below(8) == 0 { random.one_of(&FORMATS).1 } else { ending };
    let name = format!("damaged.{ending}");
    let loader = random.below(3);
    attack.is(format!("a damaged image {name} of {} bytes, loader {loader}", damaged.len()));
    let path = room.inside.join("train/3").join(&name);
    std::fs::create_dir_all(room.inside.join("train/3"))?;
    std::fs::write(&path, &damaged)?;
    let error = match loader {
        0 => image_open(&path).err().map(|error| error.to_string()),
        1 => open_images(std::slice::from_ref(&path)).err().map(|error| error.to_string()),
        _ => folder(&room.inside),
    };
    if let Some(error) = error {
        ensure!(error.contains(&name), "the message does not name the file: {error}");
    }
    ensure!(std::fs::read(&path)? == damaged, "the reader's file has changed");
    room.nothing_outside_has_changed()?;
    Ok(Fate::Survived)
}

/// The damaged picture lies among good ones in a folder of classes.
fn folder(path: &Path) -> Option<String> {
    let good = GrayImage::from_fn(28, 28, |x, y| mnist_from_scratch::image::Luma([(x * y) as u8]));
    for folder in ["train/3", "train/7", "valid/3", "valid/7"] {
        let folder = path.join(folder);
        std::fs::create_dir_all(&folder)
            .and_then(|()| good.save(folder.join("good.png")).map_err(std::io::Error::other))
            .ok()?;
    }
    ImageDataLoaders::<1, 28, 28>::from_folder(path).err().map(|error| error.to_string())
}

/// A small picture as a file, in a format that this build can write.
fn picture(random: &mut Random) -> (Vec<u8>, &'static str) {
    let (width, height) = (random.size(1, 40) as u32, random.size(1, 40) as u32);
    let noise = random.below(2) == 0;
    let mut value =
        |x: u32, y: u32| if noise { random.bits() as u8 } else { (x * 7 + y * 3) as u8 };
    let grey =
        GrayImage::from_fn(width, height, |x, y| mnist_from_scratch::image::Luma([value(x, y)]));
    let picture = match random.below(4) {
        0 => DynamicImage::ImageLuma8(grey),
        1 => DynamicImage::ImageLuma8(grey).to_rgb8().into(),
        2 => {
            let colour = random.one_of(&[[0, 0, 0, 0], [255, 0, 9, 128], [1, 2, 3, 255]]);
            RgbaImage::from_pixel(width, height, mnist_from_scratch::image::Rgba(colour)).into()
        }
        _ => DynamicImage::ImageLuma8(grey).to_luma16().into(),
    };
    let (format, ending) = random.one_of(&FORMATS);
    for (format, ending, picture) in [
        (format, ending, picture.clone()),
        (format, ending, picture.to_rgb8().into()),
        (ImageFormat::Png, "png", picture),
    ] {
        let mut bytes = std::io::Cursor::new(Vec::new());
        // Not each format has each kind of pixels, nor is each compiled in.
        if picture.write_to(&mut bytes, format).is_ok() {
            return (bytes.into_inner(), ending);
        }
    }
    (b"\x89PNG\r\n\x1a\n".to_vec(), "png")
}

/// A PNG file with a damaged chunk whose checksum is right all the same: what gets past the first check.
fn damaged_but_signed(random: &mut Random, png: &[u8]) -> Vec<u8> {
    let mut bytes = png[..8].to_vec();
    let mut rest = &png[8..];
    let mut chunks = Vec::new();
    while rest.len() >= 12 {
        let n = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        let Some(data) = rest.get(8..8 + n) else { break };
        chunks.push(([rest[4], rest[5], rest[6], rest[7]], data.to_vec()));
        rest = &rest[12 + n..];
    }
    let at = random.below(chunks.len());
    match random.below(4) {
        0 => {
            let kind = random
                .one_of(&[*b"PLTE", *b"tRNS", *b"IDAT", *b"acTL", *b"fcTL", *b"zTXt", *b"iCCP"]);
            let size = random.size(0, 40);
            chunks.insert(at, (kind, random.bytes(size)));
        }
        1 => chunks.swap(0, at),
        2 => {
            chunks.remove(at);
        }
        _ => chunks[at].1 = damage(random, &chunks[at].1),
    }
    for (kind, data) in chunks {
        let mut checksum = flate2::Crc::new();
        checksum.update(&kind);
        checksum.update(&data);
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend(checksum.sum().to_be_bytes());
    }
    bytes
}
