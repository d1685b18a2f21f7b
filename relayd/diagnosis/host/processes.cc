#include "relayd/diagnosis/host/processes.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <set>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

double number_of(std::string_view text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string process_path(int pid, const char* file) {
  return "/proc/" + std::to_string(pid) + '/' + file;
}

std::string command_of(const Root& root, const std::string& pid) {
  std::string command = root.read("/proc/" + pid + "/comm").value_or("");
  while (!command.empty() && command.back() == '\n')
    command.pop_back();
  return command;
}

/// Field 22 of proc_pid_stat(5), in seconds since the boot. The name in parentheses may hold anything.
std::optional<double> started_after_boot(const Root& root, int pid) {
  constexpr std::size_t kStartTime = 19;  // behind the parenthesis
  const auto stat = root.read(process_path(pid, "stat"));
  if (!stat || stat->rfind(')') == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields = words_in(std::string_view(*stat).substr(stat->rfind(')') + 1));
  if (fields.size() <= kStartTime) return std::nullopt;
  return number_of(fields[kStartTime]) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t descriptors_of(const Root& root, int pid) {
  std::uint64_t limit = 0;
  constexpr std::string_view kName = "Max open files";
  for_lines(root.read(process_path(pid, "limits")).value_or(""), [&](std::string_view line, int) {
    if (!line.starts_with(kName)) return;
    const std::vector<std::string> words = words_in(line.substr(kName.size()));
    if (!words.empty()) std::from_chars(words[0].data(), words[0].data() + words[0].size(), limit);
  });
  return limit;
}

std::uint32_t user_of(const Root& root, int pid) {
  std::uint32_t uid = 0;
  for_lines(root.read(process_path(pid, "status")).value_or(""), [&](std::string_view line, int) {
    if (!line.starts_with("Uid:")) return;
    const std::vector<std::string> words = words_in(line.substr(4));
    if (words.size() > 1) std::from_chars(words[1].data(), words[1].data() + words[1].size(), uid);
  });
  return uid;
}

/// Not of /proc/uptime, which is the container's in some, while a process's start is the machine's.
double seconds_since_boot(const Root& root) {
  timespec now{};
  if (!root.is_this_host() || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0)
    return number_of(root.read("/proc/uptime").value_or("0"));
  constexpr double kNanosecond = 1e-9;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * kNanosecond;
}

std::string hexadecimal(const void* bytes, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; i += sizeof(std::uint32_t)) {
    std::uint32_t word = 0;
    std::memcpy(&word, static_cast<const char*>(bytes) + i, sizeof word);
    std::array<char, 9> text{};
    std::snprintf(text.data(), text.size(), "%08X", word);
    out += text.data();
  }
  return out;
}

/// As /proc/net/tcp writes it: the words of the address as the machine has them, and the port.
std::string kernel_text(const base::HostPort& address) {
  std::array<char, 6> port{};
  std::snprintf(port.data(), port.size(), ":%04X", address.port);
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return hexadecimal(&v4, sizeof v4) + port.data();
  if (::inet_pton(AF_INET6, address.host.c_str(), &v6) == 1) return hexadecimal(&v6, sizeof v6) + port.data();
  return {};
}

}  // namespace

std::optional<ProcessFact> process_at(const Root& root, int pid, base::WallTime now) {
  const auto started = started_after_boot(root, pid);
  if (!started) return std::nullopt;
  ProcessFact fact{.pid = pid, .uid = user_of(root, pid)};
  fact.user = root.name_of(fact.uid);
  const double uptime = seconds_since_boot(root);
  const auto age = std::chrono::duration<double>(uptime - *started);
  fact.started = std::chrono::duration_cast<std::chrono::seconds>(
                     (now - std::chrono::duration_cast<base::WallTime::duration>(age)).time_since_epoch())
                     .count();
  fact.is_replaced = root.link(process_path(pid, "exe")).ends_with(" (deleted)");
  fact.descriptors = descriptors_of(root, pid);
  return fact;
}

std::optional<int> relayd_with(const Root& root, const std::string& config_file) {
  for (const std::string& name : root.list("/proc")) {
    if (!is_number(name) || command_of(root, name) != "relayd") continue;
    std::string arguments = root.read("/proc/" + name + "/cmdline").value_or("");
    std::replace(arguments.begin(), arguments.end(), '\0', ' ');
    const bool has_file = arguments.find("--config") != arguments.npos;
    const bool is_ours =
        has_file ? arguments.find(config_file) != arguments.npos : config_file == "/etc/tsmtp/relayd.toml";
    if (is_ours && arguments.find("--hold-endpoints") == arguments.npos) return std::stoi(name);
  }
  return std::nullopt;
}

Listeners::Listeners(const Root& root) {
  read_table(root, "/proc/net/tcp");
  read_table(root, "/proc/net/tcp6");
  find_processes(root);
}

void Listeners::read_table(const Root& root, const std::string& path) {
  constexpr std::size_t kAddress = 1;
  constexpr std::size_t kState = 3;
  constexpr std::size_t kInode = 9;
  for_lines(root.read(path).value_or(""), [&](std::string_view line, int) {
    const std::vector<std::string> fields = words_in(line);
    if (fields.size() <= kInode || fields[kState] != "0A") return;
    sockets_.emplace(fields[kAddress], "socket:[" + fields[kInode] + ']');
  });
}

void Listeners::find_processes(const Root& root) {
  std::set<std::string> wanted;
  for (const auto& [address, socket] : sockets_)
    wanted.insert(socket);
  for (const std::string& pid : root.list("/proc")) {
    if (!is_number(pid)) continue;
    const std::string folder = "/proc/" + pid + "/fd";
    for (const std::string& descriptor : root.list(folder)) {
      const std::string target = root.link(folder + '/' + descriptor);
      if (wanted.contains(target))
        processes_.emplace(target, command_of(root, pid) + " (process " + pid + ')');
    }
  }
}

std::vector<std::string> Listeners::sockets_at(const base::HostPort& address) const {
  std::vector<std::string> out;
  const std::string exact = kernel_text(address);
  const std::string any4 = kernel_text({.host = "0.0.0.0", .port = address.port, .unix_path = {}});
  const std::string any6 = kernel_text({.host = "::", .port = address.port, .unix_path = {}});
  for (const std::string& key : {exact, any4, any6}) {
    const auto [begin, end] = sockets_.equal_range(key);
    for (auto one = begin; one != end; ++one)
      out.push_back(one->second);
    if (!out.empty()) break;
  }
  return out;
}

std::vector<std::string> Listeners::at(const base::HostPort& address) const {
  std::vector<std::string> out;
  for (const std::string& socket : sockets_at(address)) {
    const auto [begin, end] = processes_.equal_range(socket);
    for (auto one = begin; one != end; ++one)
      out.push_back(one->second);
  }
  return out;
}

}  // namespace tsmtp::diagnosis
