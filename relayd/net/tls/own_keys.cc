#include "relayd/net/tls/own_keys.h"

#include <charconv>

#include "relayd/net/io/replace_file.h"

namespace tsmtp::net {
namespace {

constexpr std::string_view kTitle =
    "# tsmtp: this hub's key since `relayctl rotate`, version 1. As secret as the one in hub.identity, which "
    "it has replaced. Without it other hubs refuse this one.\n";
constexpr std::string_view kTitleOfVersion1 = "# tsmtp: this hub's key since `relayctl rotate`, version 1.";
constexpr std::string_view kFirst = "first ";
constexpr std::string_view kEarlier = "earlier ";
constexpr std::string_view kEnd = "end\n";

std::string path_of(const std::string& state_dir) {
  return state_dir + '/' + kOwnKeysName;
}

// Takes the line off that begins so; what stands behind its beginning.
std::optional<std::string> take_line(std::string_view& text, std::string_view begin) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with(begin) || end == text.npos) return std::nullopt;
  std::string rest(text.substr(begin.size(), end - begin.size()));
  text.remove_prefix(end + 1);
  return rest;
}

base::Result<std::shared_ptr<const Identity>> shared(base::Result<Identity> identity) {
  if (!identity) return identity.error();
  return base::Result<std::shared_ptr<const Identity>>(
      std::make_shared<const Identity>(std::move(*identity)));
}

}  // namespace

base::Result<OwnKeys> parse_own_keys(std::string_view text) {
  OwnKeys out;
  const auto title = take_line(text, kTitleOfVersion1);
  const auto first = take_line(text, kFirst);
  if (!title || !first || !text.ends_with(kEnd)) return base::Error{"is no whole file of a rotated key"};
  out.first_pin = *first;
  const std::size_t behind = text.find('\n' + std::string(kEarlier));
  auto current = shared(Identity::parse(text.substr(0, behind)));
  if (!current) return current.error();
  out.current = std::move(*current);
  if (behind == text.npos) return base::Result<OwnKeys>(std::move(out));
  text.remove_prefix(behind + 1);
  const auto when = take_line(text, kEarlier);
  const auto [end, error] = std::from_chars(when->data(), when->data() + when->size(), out.retires);
  if (error != std::errc() || end != when->data() + when->size())
    return base::Error{"does not say until when the earlier key is shown"};
  auto earlier = shared(Identity::parse(text));
  if (!earlier) return earlier.error();
  out.earlier = std::move(*earlier);
  return base::Result<OwnKeys>(std::move(out));
}

base::Result<OwnKeys> load_own_keys(const std::string& identity_path, const std::string& state_dir,
                                    const std::optional<Owner>& owner) {
  auto first = shared(Identity::load(identity_path, owner));
  if (!first) return first.error();
  const std::string first_pin = pin_text((*first)->pin());
  const std::string path = path_of(state_dir);
  const auto text = read_private_file(path, owner);
  if (!text) return text.error();
  if (*text) {
    auto rotated = parse_own_keys(**text);
    if (!rotated)
      return base::Error{path + ": " + rotated.error().message +
                         "; other hubs know this hub by the key in it: take the file from a backup. Without "
                         "it this hub has to pair with every site again"};
    if (rotated->first_pin == first_pin) return rotated;
  }
  OwnKeys out;
  out.current = std::move(*first);
  out.first_pin = first_pin;
  return base::Result<OwnKeys>(std::move(out));
}

base::Result<std::string> text_of(const OwnKeys& keys) {
  const auto current = keys.current->pem();
  if (!current) return current.error();
  std::string text = std::string(kTitle).append(kFirst) + keys.first_pin + '\n' + *current;
  if (keys.earlier) {
    const auto earlier = keys.earlier->pem();
    if (!earlier) return earlier.error();
    text += std::string(kEarlier) + std::to_string(keys.retires) + '\n' + *earlier;
  }
  text += kEnd;
  return base::Result<std::string>(boost::system::in_place_value, std::move(text));
}

base::Result<void> save_own_keys(const OwnKeys& keys, const std::string& state_dir) {
  const auto text = text_of(keys);
  if (!text) return text.error();
  return replace_file(path_of(state_dir), *text);
}

}  // namespace tsmtp::net
