//! From image files to tensors of pixels.

mod decode;
mod error;
mod ground;
mod limits;
mod quiet;

pub(crate) use decode::{grey_png, open_picture};
pub use error::ImageError;
pub use ground::WHITE_PAPER;
pub(crate) use ground::lay_on;
pub use limits::{MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS};

use std::path::{Path, PathBuf};

use dfdx::shapes::{Const, Rank2};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use image::{GrayImage, Rgb};
use rayon::prelude::*;

/// Opens a PNG file as a greyscale image; colours become their brightness, 16 bits become 8, and what is
/// transparent is laid on [`WHITE_PAPER`]. With the feature `photos` also JPEG, WebP, BMP, GIF (the first
/// picture) and TIFF files; photos stand upright, as the camera notes it. What a file holds counts, not how its
/// name ends.
///
/// A picture has at most [`MAX_IMAGE_PIXELS`] and [`MAX_IMAGE_BYTES`]. Of pictures over 16 MiB one is decoded at a time,
/// however many are opened at once.
///
/// # Errors
/// If the file cannot be read, is no image, is damaged or too large; the message names the file. A panic of a
/// decoder is such an error, too.
///
/// # Example
/// ```
/// use mnist_from_scratch::tensor::image_open;
///
/// let error = image_open("train/3/nine.png").unwrap_err();
/// assert!(error.to_string().starts_with("opening the image train/3/nine.png: "));
/// ```
pub fn image_open(path: impl AsRef<Path>) -> Result<GrayImage, ImageError> {
    crate::stdout::ends_quietly();
    image_open_on(path, WHITE_PAPER)
}

/// As [`image_open`], with a ground of your choice below what is transparent.
///
/// # Errors
/// As [`image_open`]; also if nothing of the picture can be seen on this ground.
///
/// # Example
/// White ink on nothing, as drawing programs save it:
/// ```
/// use mnist_from_scratch::image::{LumaA, Rgb, GrayAlphaImage};
/// use mnist_from_scratch::tensor::{image_open, image_open_on};
///
/// let mut ink = GrayAlphaImage::new(2, 1);
/// ink.put_pixel(0, 0, LumaA([255, 255]));
/// let file = std::env::temp_dir().join(format!("ink-{}.png", std::process::id()));
/// ink.save(&file)?;
/// assert_eq!(image_open_on(&file, Rgb([0, 0, 0]))?.as_raw(), &[255, 0]);
/// // White on white is nothing.
/// assert!(image_open(&file).is_err());
/// # std::fs::remove_file(file)?;
/// # Ok::<(), mnist_from_scratch::anyhow::Error>(())
/// ```
pub fn image_open_on(path: impl AsRef<Path>, ground: Rgb<u8>) -> Result<GrayImage, ImageError> {
    Ok(open_picture(path.as_ref(), ground)?.into_luma8())
}

/// Opens many images at once, on all cores of the processor. The result has the order of `paths`.
///
/// # Errors
/// That of the first file, in the order of `paths`, that cannot be opened.
///
/// # Example
/// ```
/// use mnist_from_scratch::tensor::open_images;
/// assert!(open_images(&[])?.is_empty());
/// # Ok::<(), mnist_from_scratch::tensor::ImageError>(())
/// ```
pub fn open_images(paths: &[PathBuf]) -> Result<Vec<GrayImage>, ImageError> {
    let images: Vec<_> = paths.par_iter().map(image_open).collect();
    // A second pass, since collecting into a `Result` would report any of the errors.
    images.into_iter().collect()
}

/// The pixels of an image as a tensor of bytes, `H` rows of `W`.
///
/// # Errors
/// If the image has another size than the tensor's type says.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::image::GrayImage;
/// use mnist_from_scratch::tensor::{Pixels, tensor};
///
/// let dev = AutoDevice::default();
/// let pixels: Pixels = tensor(&GrayImage::new(28, 28), &dev)?;
/// assert_eq!(pixels.array(), [[0; 28]; 28]);
/// # Ok::<(), mnist_from_scratch::tensor::ImageError>(())
/// ```
pub fn tensor<const H: usize, const W: usize>(
    image: &GrayImage,
    dev: &AutoDevice,
) -> Result<Tensor<Rank2<H, W>, u8, AutoDevice>, ImageError> {
    let pixels = pixels::<H, W>(image)?.to_vec();
    dev.try_tensor_from_vec(pixels, (Const, Const)).map_err(ImageError::device)
}

/// Row after row, if the image has this size.
fn pixels<const H: usize, const W: usize>(image: &GrayImage) -> Result<&[u8], ImageError> {
    let (image_columns, image_rows) = (image.width() as usize, image.height() as usize);
    if (image_rows, image_columns) != (H, W) {
        return Err(ImageError::Size { rows: H, columns: W, image_rows, image_columns });
    }
    Ok(image.as_raw())
}

/// The pixels of many images: one tensor of bytes each. dfdx's `stack()` joins them into one.
///
/// # Errors
/// If one of the images has another size than the tensor's type says.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::image::GrayImage;
/// use mnist_from_scratch::tensor::{Images, Pixels, tensors};
///
/// let dev = AutoDevice::default();
/// let two: Vec<Pixels> = tensors(&[GrayImage::new(28, 28), GrayImage::new(28, 28)], &dev)?;
/// let stacked: Images = two.stack().to_dtype::<f32>() / 255.0;
/// assert_eq!(stacked.shape().concrete(), [2, 28, 28]);
/// # Ok::<(), mnist_from_scratch::tensor::ImageError>(())
/// ```
pub fn tensors<const H: usize, const W: usize>(
    images: &[GrayImage],
    dev: &AutoDevice,
) -> Result<Vec<Tensor<Rank2<H, W>, u8, AutoDevice>>, ImageError> {
    images.iter().map(|image| tensor(image, dev)).collect()
}

/// The pixels of many images, as bytes; the axes are image, row and column.
pub type ManyPixels<const H: usize, const W: usize> =
    Tensor<(usize, Const<H>, Const<W>), u8, AutoDevice>;

/// The pixels of many images in one tensor: as [`tensors`] and then `stack()`, but with one copy to the
/// device for all of them, which a GPU has much sooner.
///
/// # Errors
/// If one of the images has another size than the tensor's type says.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::image::GrayImage;
/// use mnist_from_scratch::tensor::stack_images;
///
/// let dev = AutoDevice::default();
/// let stacked = stack_images::<28, 28>(&[GrayImage::new(28, 28), GrayImage::new(28, 28)], &dev)?;
/// assert_eq!(stacked.shape().concrete(), [2, 28, 28]);
/// # Ok::<(), mnist_from_scratch::tensor::ImageError>(())
/// ```
pub fn stack_images<const H: usize, const W: usize>(
    images: &[GrayImage],
    dev: &AutoDevice,
) -> Result<ManyPixels<H, W>, ImageError> {
    let mut all = Vec::with_capacity(images.len() * H * W);
    for image in images {
        all.extend_from_slice(pixels::<H, W>(image)?);
    }
    dev.try_tensor_from_vec(all, (images.len(), Const, Const)).map_err(ImageError::device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;
    use image::{Luma, Rgb, RgbImage};

    #[test]
    fn images_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..50).map(|i| folder.path().join(format!("{i}.png"))).collect();
        for (i, path) in paths.iter().enumerate() {
            GrayImage::from_pixel(2, 3, Luma([i as u8])).save(path).unwrap();
        }
        let images = open_images(&paths).unwrap();
        for (i, image) in images.iter().enumerate() {
            assert_eq!(image.as_raw(), &[i as u8; 6]);
        }
        assert_eq!(image_open(&paths[7]).unwrap(), images[7]);
    }

    #[test]
    fn colours_become_grey() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("white.png");
        RgbImage::from_pixel(1, 1, Rgb([255, 255, 255])).save(&path).unwrap();
        assert_eq!(image_open(path).unwrap().as_raw(), &[255]);
    }

    #[test]
    fn the_first_error_is_reported_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let [text, missing] = ["text.png", "missing.png"].map(|name| folder.path().join(name));
        std::fs::write(&text, "not an image").unwrap();
        let error = open_images(&[text.clone(), missing.clone()]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("decoding the image {}: ", text.display())), "{error}");
        let error = open_images(&[missing.clone(), text]).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("opening the image {}: ", missing.display())),
            "{error}"
        );
    }

    #[test]
    fn a_stack_in_one_copy() {
        let dev = AutoDevice::default();
        let images: Vec<_> = (0..3)
            .map(|i| GrayImage::from_fn(2, 4, |x, y| Luma([(9 * i + 2 * y + x) as u8])))
            .collect();
        let one_by_one = tensors::<4, 2>(&images, &dev).unwrap().stack();
        let at_once = stack_images::<4, 2>(&images, &dev).unwrap();
        assert_eq!(at_once.shape(), one_by_one.shape());
        assert_eq!(at_once.as_vec(), one_by_one.as_vec());
        let error = stack_images::<2, 4>(&images, &dev).unwrap_err().to_string();
        assert!(error.starts_with("making a 2x4 tensor from an image of 4 rows"), "{error}");
    }

    #[test]
    fn rows_come_before_columns() {
        let dev = AutoDevice::default();
        // Three columns, two rows.
        let image = GrayImage::from_raw(3, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(tensor::<2, 3>(&image, &dev).unwrap().array(), [[1, 2, 3], [4, 5, 6]]);
        assert_eq!(
            tensor::<28, 28>(&image, &dev).unwrap_err().to_string(),
            "making a 28x28 tensor from an image of 2 rows and 3 columns: \
             resize the image, or change the tensor's type"
        );
    }
}
