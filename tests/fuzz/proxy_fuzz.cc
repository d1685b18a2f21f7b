// A proxy that says anything, whole and in pieces. Steps:
//   S, H           it is a SOCKS5, or an HTTP proxy, and we have a user if a byte follows
//   s bytes        it says that; however it is cut, the same becomes of it
#include <algorithm>
#include <memory>
#include <string>

#include "relayd/proxy/dialogue.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

const base::HostPort kHub{.host = "hub.birl.example", .port = 5443, .unix_path = {}};
constexpr char kPassword[] = "s3cret";

struct Outcome {
  std::string error;
  std::string left;  // of what it said, the hub's
  bool is_done = false;
  std::size_t said_bytes = 0;  // by us

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome play(const settings::Proxy& proxy, std::string_view said, std::size_t piece) {
  Outcome out;
  const std::unique_ptr<proxy::Dialogue> dialogue = proxy::begin(proxy, kHub);
  out.said_bytes = dialogue->take_output().size();
  while (!said.empty() && !dialogue->is_done()) {
    const std::size_t bytes = std::min(piece, said.size());
    const auto taken = dialogue->receive(said.substr(0, bytes));
    if (!taken) {
      out.error = taken.error().message;
      must(!out.error.empty() && out.error.size() < 400, "an error is a sentence");
      must(out.error.find(kPassword) == std::string::npos, "no password is shown");
      out.said_bytes = 0;  // some of it may not have been fetched
      must(std::ranges::none_of(out.error, [](char c) { return static_cast<unsigned char>(c) < ' '; }),
           "an error can be shown");
      return out;
    }
    must(*taken == bytes || dialogue->is_done(), "only the hub's bytes are left");
    said.remove_prefix(*taken);
    out.said_bytes += dialogue->take_output().size();
  }
  out.left = said;
  out.is_done = dialogue->is_done();
  must(out.is_done || out.left.empty(), "what waits has taken all");
  must(out.said_bytes < 1000, "little is said");
  return out;
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  settings::Proxy proxy{.address = {.host = "proxy.example", .port = 1080, .unix_path = {}},
                        .password = fuzz::kPassword};
  std::string said;
  for (const fuzz::Step& step : fuzz::steps_of({reinterpret_cast<const char*>(data), size})) {
    switch (step.kind) {
      case 'S':
      case 'H':
        proxy.kind = step.kind == 'S' ? settings::Proxy::Kind::kSocks5 : settings::Proxy::Kind::kHttp;
        proxy.user = step.payload.empty() ? "" : "tokyo";
        break;
      case 's':
        said += step.payload;
        break;
      default:
        break;
    }
  }
  const fuzz::Outcome whole = fuzz::play(proxy, said, std::string::npos);
  for (const std::size_t piece : {1UL, 2UL, 7UL})
    fuzz::must(fuzz::play(proxy, said, piece) == whole, "it does not matter how an answer is cut");
  return 0;
}
