#include "relayd/keys/announcement.h"

#include "relayd/base/bytes.h"

namespace tsmtp::keys {
namespace {

constexpr std::uint8_t kNoticeChain = 2;
constexpr std::uint8_t kNoticeHaveKey = 3;

}  // namespace

bool is_about_keys(std::string_view notice) {
  if (notice.empty()) return false;
  const std::uint8_t about = base::get_u8(notice);
  return about == kNoticeChain || about == kNoticeHaveKey;
}

std::string encode_notice(const Announcement& announcement) {
  std::string out;
  base::put_u8(out, kNoticeChain);
  return out + encode(announcement.chain);
}

std::string encode_notice(const Acknowledgement& acknowledgement) {
  std::string out;
  base::put_u8(out, kNoticeHaveKey);
  return out + acknowledgement.pin;
}

base::Result<Said> decode_notice(std::string_view notice) {
  const std::string_view rest = notice.substr(1);
  if (base::get_u8(notice) == kNoticeChain) {
    auto chain = decode(rest);
    if (!chain) return chain.error();
    return base::Result<Said>(Announcement{std::move(*chain)});
  }
  if (rest.size() != kPinBytes)
    return base::Error{"peer says that it has a key of ours, in " + std::to_string(rest.size()) +
                       " bytes; a pin has " + std::to_string(kPinBytes)};
  return base::Result<Said>(Acknowledgement{std::string(rest)});
}

}  // namespace tsmtp::keys
