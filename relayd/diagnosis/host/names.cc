#include "relayd/diagnosis/host/names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <deque>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::size_t kMostNames = 50;

std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text.data(), text.size());
  else if (address->sa_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text.data(),
                text.size());
  return text.data();
}

std::vector<std::string> texts_of(const addrinfo* found) {
  std::vector<std::string> out;
  for (; found != nullptr; found = found->ai_next)
    if (const std::string text = address_text(found->ai_addr);
        std::find(out.begin(), out.end(), text) == out.end())
      out.push_back(text);
  return out;
}

AddressesByName in_hosts(const std::string& hosts, const std::vector<std::string>& names) {
  AddressesByName out;
  for (const std::string& name : names) {
    std::vector<std::string> addresses;
    for_lines(hosts, [&](std::string_view line, int) {
      const std::vector<std::string> words = words_in(base::ascii_lower(line));
      if (std::find(words.begin(), words.end(), base::ascii_lower(name)) != words.end())
        addresses.push_back(words.front());
    });
    if (addresses.empty())
      out.emplace(name, base::Error{"no such host"});
    else
      out.emplace(name, std::move(addresses));
  }
  return out;
}

/// The questions, which the resolver's threads may go on with after us.
struct Questions {
  std::deque<std::string> names;
  std::deque<gaicb> blocks;
};

}  // namespace

AddressesByName addresses_of(const Root& root, const std::vector<std::string>& names,
                             std::chrono::milliseconds patience) {
  std::vector<std::string> few(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames)));
  if (!root.is_this_host()) return in_hosts(root.read("/etc/hosts").value_or(""), few);
  static Questions& asked = *new Questions;  // NOLINT(cppcoreguidelines-owning-memory): as above
  static addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  std::vector<gaicb*> list;
  for (const std::string& name : few) {
    gaicb block{};
    block.ar_name = asked.names.emplace_back(name).c_str();
    block.ar_request = &hints;
    list.push_back(&asked.blocks.emplace_back(block));
  }
  AddressesByName out;
  if (list.empty() || ::getaddrinfo_a(GAI_NOWAIT, list.data(), static_cast<int>(list.size()), nullptr) != 0)
    return out;
  const timespec whole{.tv_sec = patience.count() / 1000, .tv_nsec = patience.count() % 1000 * 1'000'000};
  for (gaicb* const one : list) {
    const gaicb* const only[] = {one};
    while (::gai_error(one) == EAI_INPROGRESS && ::gai_suspend(only, 1, &whole) == EAI_INTR) {
    }
    const int error = ::gai_error(one);
    if (error == 0)
      out.emplace(one->ar_name, texts_of(one->ar_result));
    else if (error == EAI_INPROGRESS)
      out.emplace(one->ar_name, base::Error{"the DNS does not answer in time"});
    else
      out.emplace(one->ar_name, base::Error{::gai_strerror(error)});
  }
  return out;
}

std::vector<std::string> own_addresses() {
  ifaddrs* first = nullptr;
  std::vector<std::string> out;
  if (::getifaddrs(&first) != 0) return out;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next)
    if (one->ifa_addr != nullptr)
      if (std::string text = address_text(one->ifa_addr); !text.empty()) out.push_back(std::move(text));
  ::freeifaddrs(first);
  return out;
}

}  // namespace tsmtp::diagnosis
