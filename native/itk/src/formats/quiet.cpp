#include "quiet.h"

#include <csetjmp>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gdcmTrace.h"
#include "itkObject.h"
#include "itkObjectFactory.h"
#include "itkOutputWindow.h"
#include "nifti1_io.h"

#include "status.h"

namespace vki {
namespace {

/** Takes every text and shows none: what matters comes as an exception. */
class SilentOutputWindow : public itk::OutputWindow {
 public:
  using Self = SilentOutputWindow;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);
  void DisplayText(const char*) override {}
  void DisplayErrorText(const char*) override {}
  void DisplayWarningText(const char*) override {}
  void DisplayGenericOutputText(const char*) override {}
  void DisplayDebugText(const char*) override {}
};

struct Catcher {
  jmp_buf landing;
  std::string message;
};

thread_local Catcher* catcher = nullptr;

/** Stands where the libraries call __assert_fail. Their frames do not expect an exception there
 * (the function is declared not to throw), so this jumps over them. */
[[noreturn]] void assertionFailed(const char* expression, const char* file, unsigned int line,
                                  const char* function) {
  if (catcher != nullptr) {
    const char* name = std::strrchr(file, '/');
    catcher->message = std::string("a check of the reading library failed: ") + expression + " (" +
                       (name ? name + 1 : file) + ":" + std::to_string(line) + ")";
    std::longjmp(catcher->landing, 1);
  }
  (void)function;
  std::abort();
}

/** Stands where the libraries call abort or exit, as some do for want of memory or of ideas. */
template <class Function>
[[noreturn]] void giveUp(const char* what, Function original) {
  if (catcher != nullptr) {
    catcher->message = std::string("the reading library gave up (") + what + ")";
    std::longjmp(catcher->landing, 1);
  }
  original();
  std::abort();
}

[[noreturn]] void aborted() {
  giveUp("abort", [] { std::abort(); });
}
[[noreturn]] void exited(int status) {
  giveUp("exit", [status] { std::exit(status); });
}

bool console(FILE* file) { return file == stderr || file == stdout; }

/** These stand where the libraries write: what is meant for the console is dropped. */
int printToFile(FILE* file, int, const char* pattern, ...) {
  if (console(file)) return 0;
  va_list values;
  va_start(values, pattern);
  const int result = std::vfprintf(file, pattern, values);
  va_end(values);
  return result;
}
int printNothing(int, const char*, ...) { return 0; }
int putNothing(const char*) { return 0; }
int putCharacter(int character, FILE* file) {
  return console(file) ? character : std::fputc(character, file);
}
int putText(const char* text, FILE* file) { return console(file) ? 0 : std::fputs(text, file); }
size_t writeBytes(const void* bytes, size_t size, size_t count, FILE* file) {
  return console(file) ? count : std::fwrite(bytes, size, count, file);
}

/** What a function that a library calls is replaced by; nothing for most. */
void* replacementOf(const char* name) {
  static const std::pair<const char*, void*> replacements[] = {
      {"__assert_fail", reinterpret_cast<void*>(&assertionFailed)},
      {"abort", reinterpret_cast<void*>(&aborted)},
      {"exit", reinterpret_cast<void*>(&exited)},
      {"__fprintf_chk", reinterpret_cast<void*>(&printToFile)},
      {"__printf_chk", reinterpret_cast<void*>(&printNothing)},
      {"puts", reinterpret_cast<void*>(&putNothing)},
      {"fputc", reinterpret_cast<void*>(&putCharacter)},
      {"fputs", reinterpret_cast<void*>(&putText)},
      {"fwrite", reinterpret_cast<void*>(&writeBytes)},
  };
  for (const auto& [original, replacement] : replacements) {
    if (std::strcmp(name, original) == 0) return replacement;
  }
  return nullptr;
}

/** Makes the slots of one library's offset table point to the replacements. */
void redirectCalls(const dl_phdr_info& library) {
  const ElfW(Dyn)* dynamic = nullptr;
  ElfW(Addr) protectedBegin = 0;
  ElfW(Addr) protectedEnd = 0;
  for (int i = 0; i < library.dlpi_phnum; i++) {
    if (library.dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic =
          reinterpret_cast<const ElfW(Dyn)*>(library.dlpi_addr + library.dlpi_phdr[i].p_vaddr);
    }
    if (library.dlpi_phdr[i].p_type == PT_GNU_RELRO) {
      protectedBegin = library.dlpi_addr + library.dlpi_phdr[i].p_vaddr;
      protectedEnd = protectedBegin + library.dlpi_phdr[i].p_memsz;
    }
  }
  if (dynamic == nullptr) return;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  ElfW(Addr) tables[2] = {0, 0};
  size_t bytes[2] = {0, 0};
  for (; dynamic->d_tag != DT_NULL; dynamic++) {
    const ElfW(Addr) value = dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(value);
    if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(value);
    if (dynamic->d_tag == DT_JMPREL) tables[0] = value;
    if (dynamic->d_tag == DT_PLTRELSZ) bytes[0] = dynamic->d_un.d_val;
    if (dynamic->d_tag == DT_RELA) tables[1] = value;
    if (dynamic->d_tag == DT_RELASZ) bytes[1] = dynamic->d_un.d_val;
  }
  if (symbols == nullptr || names == nullptr) return;
  for (int table = 0; table < 2; table++) {
    const auto* relocation = reinterpret_cast<const ElfW(Rela)*>(tables[table]);
    const auto* end = relocation + bytes[table] / sizeof(ElfW(Rela));
    for (; relocation != nullptr && relocation < end; relocation++) {
      const auto type = ELF64_R_TYPE(relocation->r_info);
      const auto symbol = ELF64_R_SYM(relocation->r_info);
      if (symbol == 0 || (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)) continue;
      void* const replacement = replacementOf(names + symbols[symbol].st_name);
      if (replacement == nullptr) continue;
      auto* slot = reinterpret_cast<void**>(library.dlpi_addr + relocation->r_offset);
      // A table that was made read-only after loading goes back to that; one that is bound lazily
      // has to stay writable.
      const auto address = reinterpret_cast<uintptr_t>(slot);
      const bool readOnly = address >= protectedBegin && address < protectedEnd;
      const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
      auto* start = reinterpret_cast<void*>(address & ~(page - 1));
      if (readOnly && mprotect(start, page, PROT_READ | PROT_WRITE) != 0) continue;
      *slot = replacement;
      if (readOnly) mprotect(start, page, PROT_READ);
    }
  }
}

int visitLibrary(dl_phdr_info* library, size_t, void*) {
  const char* slash = std::strrchr(library->dlpi_name, '/');
  const std::string name = slash ? slash + 1 : library->dlpi_name;
  for (const char* prefix : {"libITK", "libitk", "libgdcm", "libjpeg.", "libpng", "libopenjp2"}) {
    if (name.rfind(prefix, 0) == 0) redirectCalls(*library);
  }
  return 0;
}

}  // namespace

void quietLibraries() {
  static std::once_flag once;
  std::call_once(once, [] {
    itk::OutputWindow::SetInstance(SilentOutputWindow::New());
    itk::Object::GlobalWarningDisplayOff();
    gdcm::Trace::DebugOff();
    gdcm::Trace::WarningOff();
    gdcm::Trace::ErrorOff();
    nifti_set_debug_level(0);
    dl_iterate_phdr(visitLibrary, nullptr);
  });
}

void withAssertionsCaught(const std::string& path, const std::function<void()>& body) {
  quietLibraries();
  Catcher mine;
  Catcher* const outer = catcher;
  if (setjmp(mine.landing) == 0) {
    catcher = &mine;
    try {
      body();
    } catch (...) {
      catcher = outer;
      throw;
    }
    catcher = outer;
  } else {
    catcher = outer;
    unreadable(path, mine.message);
  }
}

}  // namespace vki
