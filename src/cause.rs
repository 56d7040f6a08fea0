//! What the error of another crate says, as the cause of one of ours.

use std::error::Error;

/// An error that says all that `error` and its sources say, each text once, and has no source itself: some print their
/// own source and return it as well, and who prints the chain, as `anyhow` does, would print it twice.
pub(crate) fn told_once(error: &dyn Error) -> Box<dyn Error + Send + Sync> {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let told = source.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        next = source.source();
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Archive, Idx, untar_data_in};
    use crate::device::ModuleError;
    use crate::optim::OptimError;
    use crate::prelude::*;
    use crate::tensor::{ImageError, open_images};
    use crate::vision::VisionError;

    /// A crate's error that prints its source, or does not.
    #[derive(Debug, thiserror::Error)]
    enum Theirs {
        #[error("no header: {0}")]
        Twice(#[source] std::fmt::Error),
        #[error("no header")]
        Once(#[source] std::fmt::Error),
    }

    #[test]
    fn an_error_of_another_crate_is_told_once() {
        let cause = std::fmt::Error;
        for error in [Theirs::Twice(cause), Theirs::Once(cause)] {
            let told = told_once(&error);
            assert_eq!(told.to_string(), format!("no header: {cause}"));
            assert!(told.source().is_none());
        }
    }

    /// How many causes an error has. None of its messages has the text of the next one in it.
    #[track_caller]
    fn causes(mut error: &dyn Error) -> usize {
        let mut causes = 0;
        while let Some(source) = error.source() {
            let (told, cause) = (error.to_string(), source.to_string());
            assert!(!told.contains(&cause), "`{cause}` is told twice: {told}: {cause}");
            (error, causes) = (source, causes + 1);
        }
        causes
    }

    /// A picture, as a file of PNG.
    fn png() -> Vec<u8> {
        let mut file = std::io::Cursor::new(Vec::new());
        let picture = image::GrayImage::from_fn(28, 28, |x, y| image::Luma([(x * y) as u8]));
        picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
        file.into_inner()
    }

    #[test]
    fn files_that_are_missing_or_damaged_have_their_cause_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let with = |bytes: &[u8]| {
            std::fs::write(at("file"), bytes).unwrap();
            at("file")
        };
        let missing = at("missing");
        let of_one = |error: &dyn Error| assert_eq!(causes(error), 1, "{error}");

        of_one(&Idx::open(&missing).unwrap_err());
        of_one(&VisionError::from(Idx::open(&missing).unwrap_err()));
        of_one(&missing.as_path().ls().unwrap_err());
        of_one(&crate::vision::ImageDataLoaders::<1, 28, 28>::from_folder(&missing).unwrap_err());

        // Pictures: missing, cut off, and each byte after the first chunk another one.
        of_one(&image_open(&missing).unwrap_err());
        let whole = png();
        of_one(&image_open(with(&whole[..whole.len() / 2])).unwrap_err());
        let mut damaged = 0;
        for at in 8..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            if let Err(error) = open_images(&[with(&bytes)]) {
                damaged += causes(&error);
            }
        }
        assert!(damaged > 50, "{damaged}");

        // Weights: missing, nowhere, and headers that are no UTF-8, no JSON, no header.
        let mut model = Linear::<2, 1>::new(&AutoDevice::default());
        of_one(&load_weights(&mut model, &missing).unwrap_err());
        of_one(&save_weights(&model, at("no/folder")).unwrap_err());
        let header = |text: &[u8]| [&(text.len() as u64).to_le_bytes()[..], text].concat();
        for bytes in [
            &b""[..],
            b"12345678",
            &header(b"{\"\xff\xfe\": 0}"),
            &header(b"{]        "),
            &header(b"{\"a\": {\"dtype\": \"F31\", \"shape\": [], \"data_offsets\": [0, 0]}}"),
            &header(b"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}"),
        ] {
            of_one(&load_weights(&mut model, with(bytes)).unwrap_err());
        }

        // Archives: missing, of another kind, cut off in the first stream and in the second; and a cache that is none.
        let sha256 = "0".repeat(64);
        of_one(&untar_data_in(&Archive::file(&missing, &sha256), at("cache")).unwrap_err());
        let gzip = |bytes: &[u8]| {
            use std::io::Write as _;
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        };
        let noise = gzip(&png());
        for bytes in [
            b"<!DOCTYPE html>".to_vec(),
            b"BZh91AY".to_vec(),
            noise[..noise.len() / 2].to_vec(),
            noise,
            [gzip(&[0; 600]), vec![0x1f, 0x8b, 8, 0]].concat(),
            b"PK\x03\x04 and nothing after it".to_vec(),
            vec![7; 1024],
        ] {
            use sha2::Digest as _;
            let sha256 = sha2::Sha256::digest(&bytes);
            let sha256: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            let archive = Archive::file(with(&bytes), sha256);
            of_one(&untar_data_in(&archive, at("cache")).unwrap_err());
        }
        of_one(&untar_data_in(&Archive::file(at("file"), sha256), at("file")).unwrap_err());
    }

    #[test]
    fn a_device_that_fails_and_all_that_hand_it_on() {
        for failure in ["OutOfMemory", "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")"] {
            let failed = || ModuleError::new(failure);
            assert_eq!(causes(&OptimError::Device(failed())), 1);
            assert_eq!(causes(&ImageError::Device(failed())), 1);
            assert_eq!(causes(&LearnerError::Model(failed())), 1);
            assert_eq!(causes(&LearnerError::from(OptimError::Device(failed()))), 1);
            assert_eq!(causes(&VisionError::from(LearnerError::Model(failed()))), 1);
            assert_eq!(causes(&VisionError::from(ImageError::Device(failed()))), 1);
        }
        // What a callback returns, with all that was said on the way.
        let inner = std::io::Error::other("the disk is full");
        let callback = anyhow::Error::new(inner).context("writing the table");
        assert_eq!(causes(&LearnerError::Callback(callback)), 1);
        assert_eq!(causes(&crate::show::PlotError::from(std::io::Error::other("full"))), 0);
    }
}
