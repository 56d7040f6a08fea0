//! Transparent pictures on a ground.

use image::{DynamicImage, GrayImage, Rgb, RgbImage};

/// White paper: what transparent pictures are laid on, as in image viewers, unless you choose another ground.
pub const WHITE_PAPER: Rgb<u8> = Rgb([255; 3]);

/// The picture in 8 bits a channel, grey or in colour, and laid on `ground` where it is transparent. `None` if
/// the picture has a shape that cannot be seen on this ground.
pub(crate) fn lay_on(picture: DynamicImage, ground: Rgb<u8>) -> Option<DynamicImage> {
    let Rgb([red, green, blue]) = ground;
    let grey = !picture.color().has_color();
    if !picture.color().has_alpha() {
        return Some(if grey { picture.into_luma8().into() } else { picture.into_rgb8().into() });
    }
    if grey && red == green && green == blue {
        let picture = picture.into_luma_alpha8();
        let pixels = picture.pixels().flat_map(|pixel| mixed(pixel.0, [red]));
        let laid = GrayImage::from_raw(picture.width(), picture.height(), pixels.collect());
        let alphas = picture.pixels().map(|pixel| pixel[1]);
        return seen(alphas, laid.expect("a byte for each pixel").into(), ground);
    }
    let picture = picture.into_rgba8();
    let pixels = picture.pixels().flat_map(|pixel| mixed(pixel.0, ground.0));
    let laid = RgbImage::from_raw(picture.width(), picture.height(), pixels.collect());
    let alphas = picture.pixels().map(|pixel| pixel[3]);
    seen(alphas, laid.expect("three bytes for each pixel").into(), ground)
}

/// The colours of a pixel, whose last number is its opacity, on a ground.
fn mixed<const CHANNELS: usize, const N: usize>(
    pixel: [u8; N],
    ground: [u8; CHANNELS],
) -> [u8; CHANNELS] {
    let alpha = u32::from(pixel[CHANNELS]);
    std::array::from_fn(|i| {
        let sum = u32::from(pixel[i]) * alpha + u32::from(ground[i]) * (255 - alpha);
        ((sum + 127) / 255) as u8
    })
}

/// The picture, unless it has opaque and transparent parts and yet is nothing but ground.
fn seen(
    mut alphas: impl Iterator<Item = u8>,
    laid: DynamicImage,
    ground: Rgb<u8>,
) -> Option<DynamicImage> {
    let first = alphas.next();
    let has_a_shape = alphas.any(|alpha| Some(alpha) != first);
    let is_ground = |byte: (usize, &u8)| *byte.1 == ground.0[byte.0 % 3];
    // Of a grey ground the three channels are equal.
    let hidden = has_a_shape && laid.as_bytes().iter().enumerate().all(is_ground);
    (!hidden).then_some(laid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayAlphaImage, LumaA, Rgba, RgbaImage};

    #[test]
    fn a_pixel_is_mixed_with_the_ground_by_its_opacity() {
        assert_eq!(mixed([0, 255], [200]), [0]);
        assert_eq!(mixed([0, 0], [200]), [200]);
        assert_eq!(mixed([0, 51], [200]), [160]);
        assert_eq!(mixed([10, 20, 30, 128], [255, 0, 30]), [132, 10, 30]);
    }

    #[test]
    fn black_ink_on_white_paper_and_on_black() {
        let mut ink = RgbaImage::new(2, 1);
        ink.put_pixel(1, 0, Rgba([0, 0, 0, 255]));
        let laid = lay_on(ink.clone().into(), WHITE_PAPER).unwrap();
        assert_eq!(laid.as_bytes(), [255, 255, 255, 0, 0, 0]);
        assert!(lay_on(ink.into(), Rgb([0; 3])).is_none());
        // A picture that is transparent everywhere is an empty sheet, and a full one is what it is.
        assert!(lay_on(RgbaImage::new(2, 1).into(), Rgb([0; 3])).is_some());
        let full = GrayAlphaImage::from_pixel(1, 1, LumaA([9, 255]));
        assert!(lay_on(full.into(), Rgb([9; 3])).is_some());
    }

    #[test]
    fn grey_stays_grey_on_grey_and_takes_the_colour_of_another_ground() {
        let grey: DynamicImage = GrayAlphaImage::from_pixel(1, 1, LumaA([100, 51])).into();
        assert_eq!(lay_on(grey.clone(), WHITE_PAPER).unwrap().as_bytes(), [224]);
        assert_eq!(lay_on(grey, Rgb([0, 50, 100])).unwrap().as_bytes(), [20, 60, 100]);
    }
}
