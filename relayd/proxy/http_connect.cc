#include "relayd/proxy/http_connect.h"

#include <algorithm>
#include <cstdint>

#include "relayd/base/bytes.h"

namespace tsmtp::proxy {
namespace {

constexpr std::string_view kBeginning = "HTTP/1.";
constexpr std::size_t kMaxShownReason = 80;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kGroup = 3;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kGroup, bytes.size()))) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < kGroup; ++i)
      bits = bits << 8 | (i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0U);
    for (std::size_t i = 0; i <= kGroup; ++i)
      out += i <= bytes.size() ? kAlphabet[bits >> (6 * (kGroup - i)) & 0x3f] : '=';
  }
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string hint(int code, bool has_user) {
  constexpr int kForbidden = 403, kMethodNotAllowed = 405, kLoginRequired = 407;
  if (code == kLoginRequired)
    return has_user ? " (wrong user or password?)" : " (dial_through names no user)";
  if (code == kForbidden) return " (its rules do not allow the connection?)";
  if (code == kMethodNotAllowed) return " (it does not do CONNECT)";
  return {};
}

}  // namespace

HttpConnect::HttpConnect(const settings::Proxy& proxy, const base::HostPort& hub)
    : has_user_(!proxy.user.empty()),
      password_(proxy.password),
      credentials_(base64(proxy.user + ':' + proxy.password)) {
  const std::string where = hub.to_string();
  say("CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\n");
  if (has_user_) say("Proxy-Authorization: Basic " + credentials_ + "\r\n");
  say("\r\n");
}

base::Result<std::size_t> HttpConnect::receive(std::string_view bytes) {
  std::size_t taken = 0;
  while (!is_done() && taken < bytes.size()) {
    const char c = bytes[taken++];
    if (++header_bytes_ > kMaxHeaderBytes) return base::Error{"sent a header of more than 16 KiB"};
    if (c != '\n') {
      line_ += c;
      const std::size_t known = std::min(line_.size(), kBeginning.size());
      if (is_at_status_ && line_.compare(0, known, kBeginning.substr(0, known)) != 0)
        return base::Error{"does not speak HTTP"};
      continue;
    }
    if (line_.ends_with('\r')) line_.pop_back();
    if (auto ok = take_line(std::exchange(line_, {})); !ok) return ok.error();
  }
  return taken;
}

// A yes has no body, whatever its header says (RFC 9110 section 9.3.6).
base::Result<void> HttpConnect::take_line(std::string_view line) {
  if (!std::exchange(is_at_status_, false)) {
    if (!line.empty()) return {};
    if (status_ == Status::kYes) {
      finish();
    } else {
      is_at_status_ = true;
    }
    return {};
  }
  const auto status = status_of(line);
  if (!status) return status.error();
  status_ = *status;
  return {};
}

// "HTTP/1.1 200 Connection established"
base::Result<HttpConnect::Status> HttpConnect::status_of(std::string_view line) const {
  constexpr std::size_t kCodeAt = kBeginning.size() + 2, kCodeEnd = kCodeAt + 3;
  const bool is_status = line.size() >= kCodeEnd && is_digit(line[kBeginning.size()]) &&
                         line[kCodeAt - 1] == ' ' && is_digit(line[kCodeAt]) && is_digit(line[kCodeAt + 1]) &&
                         is_digit(line[kCodeAt + 2]) && (line.size() == kCodeEnd || line[kCodeEnd] == ' ');
  if (!is_status) return base::Error{"does not speak HTTP"};
  const int code = std::stoi(std::string(line.substr(kCodeAt, 3)));
  constexpr int kInformational = 100, kSwitching = 101, kSuccessful = 200, kRedirection = 300;
  if (code >= kSuccessful && code < kRedirection) return Status::kYes;
  if (code >= kInformational && code < kSuccessful && code != kSwitching) return Status::kInterim;
  return base::Error{"says: " + std::string(line.substr(kCodeAt, 3)) + reason(line.substr(kCodeEnd)) +
                     hint(code, has_user_)};
}

std::string HttpConnect::reason(std::string_view said) const {
  const auto repeats = [&](const std::string& secret) {
    return !secret.empty() && said.find(secret) != std::string_view::npos;
  };
  return repeats(password_) || repeats(credentials_) ? std::string() : base::escaped(said, kMaxShownReason);
}

}  // namespace tsmtp::proxy
