// The words of the page in both languages, the signs of the stances, and the examples.

export const STANCES = ["legal-justification", "condemnation", "denial", "neutral-report"];
export const SIGNS = { "legal-justification": "§", "condemnation": "✖", "denial": "⊘", "neutral-report": "○" };

export const WORDS = {
  id: {
    title: "Sikap: sikap dan pembingkaian dalam berita",
    skip: "Langsung ke hasil",
    about: "Siapa membenarkan, siapa mengecam, siapa membantah: setiap paragraf berita diberi label sikap, dengan kata-kata yang membawanya.",
    label: "Teks artikel, satu paragraf per baris",
    hint: "Tempel teks, atau jatuhkan berkas .txt, .md atau .html di sini.",
    key: "Kunci API (layanan ini terkunci)",
    go: "Beri label", cancel: "Batalkan", file: "Pilih berkas…", examples: "Contoh:",
    result: "Hasil", profile: "Pembingkaian", article: "Artikel", all: "Tampilkan semua paragraf",
    json: "Unduh JSON", csv: "Unduh CSV", card: "Kartu model", close: "Tutup",
    legend: "Garis bawah: kata yang membawa sikap. Garis titik-titik: pemegang sikap. Garis tepi putus-putus: kurang yakin, periksa sendiri.",
    stances: { "legal-justification": "pembenaran hukum", "condemnation": "kecaman", "denial": "bantahan", "neutral-report": "laporan netral" },
    stands: { "legal-justification": "Siapa membenarkan", "condemnation": "Siapa mengecam", "denial": "Siapa membantah" },
    nobody: "tidak ada yang disebut",
    reading: "Membaca artikel…",
    done: (count, model) => `${count} paragraf dibaca oleh ${model}.`,
    shown: (some, all) => `${some} dari ${all} paragraf ditampilkan.`,
    doubt: "kurang yakin", furniture: "bukan isi artikel", heading: "judul",
    copy: "Salin kutipan", copied: "Kutipan disalin.", notCopied: "Peramban tidak mengizinkan penyalinan.",
    heldBy: "pemegang sikap", noHolder: "pemegang tidak disebut", paragraph: "Paragraf",
    dropped: (name) => `${name} dibaca.`,
    wrongFile: (name) => `${name}: hanya berkas .txt, .md atau .html yang dapat dibaca di sini.`,
    cancelled: "Dibatalkan.",
    errors: {
      unreachable: "Layanan tidak terjangkau. Periksa apakah layanan berjalan, lalu coba lagi.",
      empty: "Belum ada teks. Tempel sebuah artikel lebih dahulu.",
      invalid: "Teks ini tidak dapat dibaca.",
      too_large: "Artikel ini terlalu panjang: paling banyak 200.000 karakter dan 2.000 paragraf.",
      unauthorized: "Layanan ini memerlukan kunci API. Isikan kunci di bawah teks.",
      busy: "Layanan sedang sibuk. Coba lagi sebentar lagi.",
      not_ready: "Layanan belum siap. Coba lagi sebentar lagi.",
      deadline: "Jawaban tidak siap pada waktunya. Kirim teks yang lebih pendek.",
      internal: "Layanan gagal menjawab.",
    },
  },
  en: {
    title: "Sikap: stance and framing in Indonesian news",
    skip: "Skip to the result",
    about: "Who justifies, who condemns, who denies: each paragraph of an Indonesian news article is labelled with its stance and the words that carry it.",
    label: "Article text, one paragraph a line",
    hint: "Paste text, or drop a .txt, .md or .html file here.",
    key: "API key (this service is locked)",
    go: "Label", cancel: "Cancel", file: "Choose a file…", examples: "Examples:",
    result: "Result", profile: "Framing", article: "Article", all: "Show all paragraphs",
    json: "Download JSON", csv: "Download CSV", card: "Model card", close: "Close",
    legend: "Underlined: words that carry a stance. Dotted: who holds it. Dashed edge: uncertain, read it yourself.",
    stances: { "legal-justification": "legal justification", "condemnation": "condemnation", "denial": "denial", "neutral-report": "neutral report" },
    stands: { "legal-justification": "Who justifies", "condemnation": "Who condemns", "denial": "Who denies" },
    nobody: "nobody is named",
    reading: "Reading the article…",
    done: (count, model) => `${count} paragraphs read by ${model}.`,
    shown: (some, all) => `${some} of ${all} paragraphs shown.`,
    doubt: "uncertain", furniture: "not part of the article", heading: "heading",
    copy: "Copy quote", copied: "Quote copied.", notCopied: "The browser does not allow copying.",
    heldBy: "held by", noHolder: "holder not named", paragraph: "Paragraph",
    dropped: (name) => `${name} was read.`,
    wrongFile: (name) => `${name}: only .txt, .md or .html files can be read here.`,
    cancelled: "Cancelled.",
    errors: {
      unreachable: "The service cannot be reached. See whether it is running, then try again.",
      empty: "There is no text yet. Paste an article first.",
      invalid: "This text cannot be read.",
      too_large: "This article is too long: at most 200,000 characters and 2,000 paragraphs.",
      unauthorized: "This service needs an API key. Fill it in below the text.",
      busy: "The service is busy. Try again in a moment.",
      not_ready: "The service is not ready yet. Try again in a moment.",
      deadline: "The answer was not ready in time. Send a shorter text.",
      internal: "The service failed to answer.",
    },
  },
};

export const EXAMPLES = [
  {
    title: "Lapak di tepi kanal",
    text: `Pemkot Bongkar Lapak di Tepi Kanal
Pemerintah Kota Tanjung Arang membongkar 42 lapak di tepi kanal pada Selasa (3/3/2026) pagi.
Koordinator pedagang, Ratna Lubis, mengecam penggusuran itu dan menyebutnya sewenang-wenang karena dilakukan saat bulan puasa.
"Pembongkaran ini sesuai dengan Perda Nomor 5 Tahun 2019 dan surat perintah wali kota," kata Kepala Satpol PP Hamdan Yusuf.
Hamdan juga membantah tuduhan bahwa anggotanya memukul seorang pedagang.
Baca juga: Jadwal Imsak Hari Ini
Para pedagang akan dipindahkan ke Pasar Induk mulai pekan depan.`,
  },
  {
    title: "Bandara ditutup",
    text: `Kementerian Perhubungan menutup Bandara Tanjung Sari sejak Senin (2/3/2026).
Serikat pilot mengecam penutupan itu dan menyebutnya gegabah.
"Penutupan ini sesuai dengan undang-undang penerbangan," kata Direktur Jenderal Hasan Basri.
Hasan membantah tudingan bahwa maskapai tidak diberi tahu.`,
  },
  {
    title: "Kerja sama militer",
    text: `Rusia menyatakan kerja sama militer dengan Korea Utara tidak melanggar hukum internasional.
Juru bicara Kremlin membantah tudingan bahwa senjata telah dikirim ke garis depan.
Menteri Luar Negeri Korea Selatan mengutuk kerja sama itu sebagai ancaman bagi perdamaian kawasan.
Dewan Keamanan dijadwalkan membahas laporan tersebut pada Kamis.`,
  },
];
