#include "relayd/mail/far_mta.h"

#include "relayd/base/bytes.h"

namespace tsmtp::mail {
namespace {

constexpr std::uint8_t kNoticeFarMta = 1;
constexpr std::size_t kMaxCauseBytes = 512;

}  // namespace

std::string encode_notice(const FarMta& mta) {
  std::string out;
  base::put_u8(out, kNoticeFarMta);
  base::put_u8(out, mta.reachable ? 1 : 0);
  if (!mta.reachable) return out + mta.cause.substr(0, kMaxCauseBytes);
  // The keyword lines of an EHLO reply: the field's own notation, and open to new keywords.
  for (const std::string& line : smtp::keyword_lines(mta.extensions))
    out += line + '\n';
  return out;
}

base::Result<FarMta> decode_notice(std::string_view bytes) {
  if (bytes.size() < 2 || base::get_u8(bytes) != kNoticeFarMta)
    return base::Error{"peer sent a malformed notice"};
  FarMta mta;
  mta.reachable = base::get_u8(bytes.substr(1)) == 1;
  bytes.remove_prefix(2);
  if (!mta.reachable) {
    mta.cause = base::escaped(bytes, kMaxCauseBytes);
    return mta;
  }
  smtp::Reply ehlo{.code = 250, .lines = {""}};
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    ehlo.lines.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  mta.extensions = smtp::parse_extensions(ehlo);
  return mta;
}

}  // namespace tsmtp::mail
