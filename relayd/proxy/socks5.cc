#include "relayd/proxy/socks5.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "relayd/base/bytes.h"

namespace tsmtp::proxy {
namespace {

constexpr char kVersion = 5, kLoginVersion = 1, kConnect = 1, kReserved = 0;
constexpr std::uint8_t kNoLogin = 0, kUserAndPassword = 2, kNoneOfThem = 0xff;
constexpr std::uint8_t kIpv4 = 1, kName = 3, kIpv6 = 4;
constexpr std::size_t kPortBytes = 2;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// RFC 1928 section 6.
std::string reply_text(std::uint8_t code) {
  switch (code) {
    case 1:
      return "general failure";
    case 2:
      return "its rules do not allow the connection";
    case 3:
      return "network unreachable";
    case 4:
      return "host unreachable, or its name not resolved";
    case 5:
      return "connection refused";
    case 6:
      return "time to live expired";
    case 7:
      return "it does not do CONNECT";
    case 8:
      return "it does not take this kind of address";
    default:
      return "failure " + std::to_string(code) + ", which has no name";
  }
}

// Type and address of where to connect (section 5); one that is written in figures goes as it is.
std::string address_of(const base::HostPort& hub) {
  std::array<char, sizeof(in6_addr)> binary{};
  if (inet_pton(AF_INET, hub.host.c_str(), binary.data()) == 1)
    return static_cast<char>(kIpv4) + std::string(binary.data(), sizeof(in_addr));
  if (inet_pton(AF_INET6, hub.host.c_str(), binary.data()) == 1)
    return static_cast<char>(kIpv6) + std::string(binary.data(), sizeof(in6_addr));
  const std::string name = hub.host.substr(0, 255);
  return static_cast<char>(kName) + std::string(1, static_cast<char>(name.size())) + name;
}

}  // namespace

Socks5::Socks5(const settings::Proxy& proxy, const base::HostPort& hub)
    : user_(proxy.user), password_(proxy.password), hub_(hub) {
  std::string methods(1, static_cast<char>(kNoLogin));
  if (!user_.empty()) methods += static_cast<char>(kUserAndPassword);
  say(std::string{kVersion, static_cast<char>(methods.size())} + methods);
}

base::Result<std::size_t> Socks5::receive(std::string_view bytes) {
  std::size_t taken = 0;
  while (state_ != State::kDone && taken < bytes.size()) {
    const std::size_t wanted = std::min(answer_bytes() - answer_.size(), bytes.size() - taken);
    answer_ += bytes.substr(taken, wanted);
    taken += wanted;
    if (auto ok = check_beginning(); !ok) return ok.error();
    if (answer_.size() < answer_bytes()) continue;
    if (auto ok = take_answer(); !ok) return ok.error();
  }
  return taken;
}

// Of the answer that is awaited, as far as that is known.
std::size_t Socks5::answer_bytes() const {
  constexpr std::size_t kToType = 4, kToNameLength = kToType + 1;
  switch (state_) {
    case State::kMethod:
    case State::kLogin:
      return 2;
    case State::kReply:
      if (answer_.size() < kToType) return kToType;
      switch (byte_at(answer_, kToType - 1)) {
        case kIpv4:
          return kToType + sizeof(in_addr) + kPortBytes;
        case kIpv6:
          return kToType + sizeof(in6_addr) + kPortBytes;
        default:
          if (answer_.size() < kToNameLength) return kToNameLength;
          return kToNameLength + byte_at(answer_, kToType) + kPortBytes;
      }
    case State::kDone:
      return 0;
  }
  return 0;
}

// What does not begin as it must will never end as it should.
base::Result<void> Socks5::check_beginning() const {
  constexpr std::size_t kToCode = 2, kToType = 4;
  if (state_ == State::kLogin) return {};  // some say their version of SOCKS there
  if (answer_.front() != kVersion) return base::Error{"does not speak SOCKS5"};
  if (state_ != State::kReply) return {};
  if (answer_.size() >= kToCode && answer_[1] != 0)
    return base::Error{"says: " + reply_text(byte_at(answer_, 1))};
  if (answer_.size() < kToType) return {};
  const std::uint8_t type = byte_at(answer_, kToType - 1);
  if (type != kIpv4 && type != kName && type != kIpv6)
    return base::Error{"answered with an address of unknown type " + std::to_string(type)};
  return {};
}

base::Result<void> Socks5::take_answer() {
  const std::string answer = std::exchange(answer_, {});
  switch (state_) {
    case State::kMethod:
      return on_method(byte_at(answer, 1));
    case State::kLogin:
      if (answer[1] != 0) return base::Error{"does not take this user and password"};
      ask();
      return {};
    case State::kReply:
      state_ = State::kDone;
      finish();
      return {};
    case State::kDone:
      return {};
  }
  return {};
}

base::Result<void> Socks5::on_method(std::uint8_t method) {
  if (method == kNoLogin) {
    ask();
    return {};
  }
  if (method == kUserAndPassword && !user_.empty()) {
    log_in();
    return {};
  }
  if (method != kNoneOfThem)
    return base::Error{"chose method " + std::to_string(method) + ", which it was not offered"};
  return base::Error{user_.empty() ? "wants to know who we are, and dial_through names no user"
                                   : "takes neither nobody nor a user with a password"};
}

void Socks5::log_in() {
  state_ = State::kLogin;
  const auto counted = [](const std::string& text) {
    return std::string(1, static_cast<char>(text.size())) + text;
  };
  say(kLoginVersion + counted(user_.substr(0, settings::kMaxProxyUserBytes)) +
      counted(password_.substr(0, settings::kMaxProxyUserBytes)));
}

void Socks5::ask() {
  state_ = State::kReply;
  std::string request{kVersion, kConnect, kReserved};
  request += address_of(hub_);
  base::put_u16(request, hub_.port);
  say(request);
}

}  // namespace tsmtp::proxy
