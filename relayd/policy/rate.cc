#include "relayd/policy/rate.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace tsmtp::policy {
namespace {

constexpr double kBurstSeconds = 10;

smtp::Reply refusal(std::string_view site, std::uint64_t rate, std::string_view of, base::Duration wait) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return smtp::make_reply(451, "4.7.1",
                          std::string(site) + ": more than " + std::to_string(rate) + ' ' + std::string(of) +
                              (rate == 1 ? "" : "s") + " per second; try again in " + std::to_string(whole) +
                              " s");
}

}  // namespace

void RateLimit::set_rates(const settings::Rates& rates) {
  set(mails_, rates.mails_per_second);
  set(bytes_, rates.bytes_per_second);
}

void RateLimit::set(Rate& rate, std::uint64_t per_second) {
  rate.per_second = per_second;
  const auto tokens = static_cast<double>(per_second);
  rate.tokens.set_rate(tokens, std::max(tokens * kBurstSeconds, 1.0));
}

// Without a limit nothing is counted, or it would be owed when there is one.
void RateLimit::take(Rate& rate, std::uint64_t amount, base::TimePoint now) {
  if (rate.per_second > 0) rate.tokens.take(static_cast<double>(amount), now);
}

base::Duration RateLimit::wait(const Rate& rate, base::TimePoint now) {
  return rate.per_second > 0 ? rate.tokens.wait(now) : base::Duration{};
}

std::optional<smtp::Reply> RateLimit::begin_mail(std::string_view site, base::TimePoint now) {
  const base::Duration for_mails = wait(mails_, now);
  const base::Duration for_bytes = wait(bytes_, now);
  if (for_mails > base::Duration{} || for_bytes > base::Duration{}) {
    ++refused_;
    return for_mails > base::Duration{} ? refusal(site, mails_.per_second, "mail", for_mails)
                                        : refusal(site, bytes_.per_second, "byte", for_bytes);
  }
  take(mails_, 1, now);
  return std::nullopt;
}

}  // namespace tsmtp::policy
