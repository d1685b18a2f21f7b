#include "relayd/pairing/words.h"

#include <array>

namespace tsmtp::pairing {
namespace {

constexpr std::array<std::string_view, 256> kWordList{
    "acorn",    "actor",    "album",    "alarm",   "amber",   "anchor",  "apple",   "april",    "apron",
    "arrow",    "atlas",    "attic",    "autumn",  "axle",    "bacon",   "badge",   "bagel",    "bamboo",
    "banjo",    "barrel",   "basket",   "beach",   "bean",    "bear",    "beetle",  "bell",     "bench",
    "berry",    "bishop",   "bison",    "blanket", "blossom", "boat",    "bonus",   "book",     "border",
    "bottle",   "bramble",  "bread",    "brick",   "bridge",  "broom",   "brush",   "bubble",   "bucket",
    "bullet",   "butter",   "button",   "cabin",   "cactus",  "camel",   "candle",  "canoe",    "canvas",
    "carbon",   "carpet",   "carrot",   "castle",  "cedar",   "cello",   "chalk",   "cheese",   "cherry",
    "chess",    "chimney",  "cider",    "circus",  "clock",   "clover",  "cobra",   "coffee",   "comet",
    "copper",   "coral",    "corner",   "cotton",  "cradle",  "crane",   "crayon",  "cricket",  "crown",
    "crystal",  "cuckoo",   "cupboard", "curtain", "daisy",   "dancer",  "delta",   "desert",   "diamond",
    "dinner",   "doctor",   "dolphin",  "domino",  "donkey",  "dragon",  "drum",    "eagle",    "easel",
    "echo",     "elbow",    "elephant", "ember",   "engine",  "falcon",  "feather", "fennel",   "ferry",
    "fiddle",   "finger",   "flag",     "flame",   "flute",   "forest",  "fossil",  "fountain", "fox",
    "frog",     "garden",   "garlic",   "gazelle", "ginger",  "giraffe", "glacier", "glove",    "goblet",
    "goose",    "granite",  "grape",    "guitar",  "hammer",  "harbor",  "hazel",   "hedgehog", "helmet",
    "heron",    "honey",    "horizon",  "hotel",   "hunter",  "iceberg", "igloo",   "indigo",   "insect",
    "iris",     "island",   "ivory",    "jacket",  "jaguar",  "jasmine", "jelly",   "jigsaw",   "jungle",
    "kangaroo", "kettle",   "kitchen",  "kitten",  "koala",   "ladder",  "lagoon",  "lantern",  "laurel",
    "lemon",    "leopard",  "letter",   "lily",    "lion",    "lizard",  "llama",   "lobster",  "locket",
    "lotus",    "magnet",   "mango",    "maple",   "marble",  "meadow",  "melon",   "mirror",   "monkey",
    "mosaic",   "mountain", "muffin",   "museum",  "mustard", "napkin",  "needle",  "nickel",   "nugget",
    "oasis",    "ocean",    "octopus",  "olive",   "onion",   "opera",   "orange",  "orchid",   "otter",
    "oyster",   "paddle",   "palace",   "panda",   "paper",   "parrot",  "peach",   "peanut",   "pebble",
    "pelican",  "pencil",   "pepper",   "piano",   "pigeon",  "pillow",  "pilot",   "pirate",   "planet",
    "plum",     "pocket",   "pony",     "poppy",   "potato",  "pumpkin", "puzzle",  "pyramid",  "quarry",
    "quartz",   "rabbit",   "radar",    "radio",   "raven",   "ribbon",  "river",   "robin",    "rocket",
    "saddle",   "saffron",  "salmon",   "scarf",   "silver",  "sparrow", "spider",  "squirrel", "summer",
    "sunset",   "teapot",   "thunder",  "ticket",  "tiger",   "tomato",  "trumpet", "tulip",    "tunnel",
    "turtle",   "umbrella", "valley",   "velvet",
};

}  // namespace

std::string_view word(std::uint8_t byte) {
  return kWordList[byte];
}

}  // namespace tsmtp::pairing
