#include "relayd/keys/chain.h"

#include <optional>

#include "relayd/base/bytes.h"

namespace tsmtp::keys {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr char kContext[] = "tsmtp rotation of a hub's key, version 1";  // signed with its end

// Takes pieces off the front; nothing once one was too long.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::optional<std::string_view> take(std::size_t bytes) {
    if (rest_.size() < bytes) return std::nullopt;
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  /// 2 bytes length, and so many.
  [[nodiscard]] std::optional<std::string_view> take_text() {
    const auto length = take(2);
    if (!length) return std::nullopt;
    const std::size_t bytes = base::get_u16(*length);
    return bytes == 0 || bytes > kMaxKeyBytes ? std::nullopt : take(bytes);
  }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

void put_text(std::string& out, std::string_view text) {
  base::put_u16(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

std::optional<Step> read_step(Reader& in) {
  const auto serial = in.take(4);
  const auto made = in.take(8);
  const auto key = in.take_text();
  const auto by_old = in.take_text();
  const auto by_new = in.take_text();
  if (!serial || !made || !key || !by_old || !by_new) return std::nullopt;
  return Step{.serial = base::get_u32(*serial),
              .made = static_cast<std::int64_t>(base::get_u64(*made)),
              .key = std::string(*key),
              .by_old = std::string(*by_old),
              .by_new = std::string(*by_new)};
}

}  // namespace

std::string statement(std::string_view old_pin, const Step& step) {
  std::string out(kContext, sizeof kContext);
  out += old_pin;
  base::put_u32(out, step.serial);
  base::put_u64(out, static_cast<std::uint64_t>(step.made));
  put_text(out, step.key);
  return out;
}

bool is_signed(const Step& step, std::string_view old_key, const Crypto& crypto) {
  const std::string said = statement(crypto.pin_of(old_key), step);
  return crypto.is_signed(old_key, said, step.by_old) && crypto.is_signed(step.key, said, step.by_new);
}

std::vector<std::string> pins_of(const Chain& chain, const Crypto& crypto) {
  std::vector<std::string> pins{crypto.pin_of(chain.first)};
  for (const Step& step : chain.steps)
    pins.push_back(crypto.pin_of(step.key));
  return pins;
}

Chain extended(Chain chain, Step step) {
  chain.steps.push_back(std::move(step));
  while (chain.steps.size() > kMaxSteps || encode(chain).size() > kMaxChainBytes) {
    chain.first = std::move(chain.steps.front().key);
    chain.steps.erase(chain.steps.begin());
  }
  return chain;
}

std::string encode(const Chain& chain) {
  std::string out;
  base::put_u8(out, kVersion);
  base::put_u8(out, static_cast<std::uint8_t>(chain.steps.size()));
  put_text(out, chain.first);
  for (const Step& step : chain.steps) {
    base::put_u32(out, step.serial);
    base::put_u64(out, static_cast<std::uint64_t>(step.made));
    put_text(out, step.key);
    put_text(out, step.by_old);
    put_text(out, step.by_new);
  }
  return out;
}

base::Result<Chain> decode(std::string_view bytes) {
  if (bytes.size() > kMaxChainBytes)
    return base::Error{"its chain of keys has " + std::to_string(bytes.size()) + " bytes, at most " +
                       std::to_string(kMaxChainBytes) + " are read"};
  Reader in(bytes);
  const auto head = in.take(2);
  if (!head) return base::Error{"its chain of keys ends before it begins"};
  if (const std::uint8_t version = base::get_u8(*head); version != kVersion)
    return base::Error{"its chain of keys is of version " + std::to_string(version) + ", not " +
                       std::to_string(kVersion)};
  const std::size_t steps = base::get_u8(head->substr(1));
  if (steps == 0 || steps > kMaxSteps)
    return base::Error{"its chain of keys has " + std::to_string(steps) + " steps, 1 to " +
                       std::to_string(kMaxSteps) + " are read"};
  const auto first = in.take_text();
  if (!first) return base::Error{"its chain of keys ends within the first key"};
  Chain chain{.first = std::string(*first), .steps = {}};
  for (std::size_t i = 0; i < steps; ++i) {
    auto step = read_step(in);
    if (!step) return base::Error{"its chain of keys ends within step " + std::to_string(i + 1)};
    const std::uint32_t before = chain.steps.empty() ? step->serial - 1 : chain.steps.back().serial;
    if (step->serial == 0 || step->serial != before + 1)
      return base::Error{"the steps of its chain of keys are not in their order"};
    chain.steps.push_back(std::move(*step));
  }
  if (!in.is_at_end()) return base::Error{"there are bytes behind its chain of keys"};
  return base::Result<Chain>(std::move(chain));
}

}  // namespace tsmtp::keys
