// What a program says to a display of another site, in whatever pieces it arrives. The first byte says in
// which; the rest is what the program sends. The display hears nothing unless the cookie was right, and then
// everything but the cookie.
#include <algorithm>
#include <string>

#include "relayd/forward/x11/cookie_replacement.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

constexpr std::string_view kShown = "0123456789abcdef";
constexpr std::string_view kTrue = "DISPLAY'S COOKIE";

struct Outcome {
  forward::ProtocolOutput out;
  bool is_refused = false;

  friend bool operator==(const Outcome& a, const Outcome& b) {
    return a.out.to_host == b.out.to_host && a.out.to_link == b.out.to_link && a.is_refused == b.is_refused;
  }
};

Outcome outcome_of(std::string_view bytes, std::size_t piece) {
  using forward::x11::Authorization;
  const Authorization wanted{.protocol = std::string(forward::x11::kMagicCookie), .data = std::string(kTrue)};
  forward::x11::CookieReplacement protocol(std::string(kShown),
                                           [&] { return base::Result<Authorization>(wanted); });
  Outcome outcome;
  for (; !bytes.empty() && !outcome.is_refused; bytes.remove_prefix(std::min(piece, bytes.size())))
    outcome.is_refused = !protocol.from_link(bytes.substr(0, piece), outcome.out);
  return outcome;
}

// The answer Failed, read plainly.
void check_failed(std::string_view answer, char order) {
  must(answer.size() >= 8 && answer[0] == 0, "a refusal is the answer Failed");
  const auto length = static_cast<unsigned char>(answer[order == 'B' ? 7 : 6]);
  must(answer[order == 'B' ? 6 : 7] == 0 && answer.size() == 8 + 4U * length, "its length is true");
  must(static_cast<unsigned char>(answer[1]) <= 4U * length, "its reason is within");
}

void check(std::string_view bytes, const Outcome& outcome) {
  const auto& [to_host, to_link] = outcome.out;
  if (outcome.is_refused) {
    must(to_host.empty(), "nothing of a refused program reaches the display");
    const bool has_order = bytes[0] == 'B' || bytes[0] == 'l';
    must(has_order || to_link.empty(), "no answer that could not be read");
    if (has_order) check_failed(to_link, bytes[0]);
    return;
  }
  must(to_link.empty(), "the display answers, not the hub");
  if (to_host.empty()) {
    must(bytes.size() < 12 + 256 + 256, "a setup is bounded");
    return;
  }
  constexpr std::size_t kCookieAt = 12 + 20;
  must(bytes.substr(kCookieAt, kShown.size()) == kShown, "only the right cookie opens");
  must(to_host.substr(kCookieAt, kTrue.size()) == kTrue, "the display gets its own cookie");
  must(to_host.size() == bytes.size(), "nothing is lost");
  must(std::string_view(to_host).substr(kCookieAt + kTrue.size()) == bytes.substr(kCookieAt + kShown.size()),
       "what is behind the setup passes as it is");
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = 1U + fuzz::take_byte(input);
  const fuzz::Outcome whole = fuzz::outcome_of(input, input.size() + 1);
  fuzz::must(whole == fuzz::outcome_of(input, piece), "pieces do not matter");
  fuzz::check(input, whole);
  return 0;
}
