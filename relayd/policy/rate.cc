#include "relayd/policy/rate.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace tsmtp::policy {
namespace {

constexpr double kBurstSeconds = 10;

double seconds(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

smtp::Reply refusal(std::string_view site, std::uint64_t rate, std::string_view of, base::Duration wait) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return smtp::make_reply(451, "4.7.1",
                          std::string(site) + ": more than " + std::to_string(rate) + ' ' + std::string(of) +
                              (rate == 1 ? "" : "s") + " per second; try again in " + std::to_string(whole) +
                              " s");
}

}  // namespace

void TokenBucket::refill(base::TimePoint now) {
  const double passed = refilled_ && now > *refilled_ ? seconds(now - *refilled_) : 0;
  refilled_ = now;
  used_ = std::max(0.0, used_ - passed * static_cast<double>(per_second_));
}

base::Duration TokenBucket::wait(base::TimePoint now) {
  if (per_second_ == 0) return {};
  refill(now);
  const auto rate = static_cast<double>(per_second_);
  // What has been used up to the last token of the burst leaves none.
  const double over = used_ + 1 - std::max(rate * kBurstSeconds, 1.0);
  if (over <= 0) return {};
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(over / rate));
}

void TokenBucket::take(std::uint64_t amount, base::TimePoint now) {
  if (per_second_ == 0) return;
  refill(now);
  used_ += static_cast<double>(amount);
}

void RateLimit::set_rates(std::uint64_t mails_per_second, std::uint64_t bytes_per_second) {
  mails_.set_rate(mails_per_second);
  bytes_.set_rate(bytes_per_second);
}

std::optional<smtp::Reply> RateLimit::begin_mail(std::string_view site, base::TimePoint now) {
  if (const auto wait = mails_.wait(now); wait > base::Duration{})
    return refusal(site, mails_.rate(), "mail", wait);
  if (const auto wait = bytes_.wait(now); wait > base::Duration{})
    return refusal(site, bytes_.rate(), "byte", wait);
  mails_.take(1, now);
  return std::nullopt;
}

}  // namespace tsmtp::policy
