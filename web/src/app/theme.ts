import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const olive: MantineColorsTuple = [
  "#e6f6f4",
  "#cfeae6",
  "#a1d5ce",
  "#6fbfb5",
  "#47aca0",
  "#2da094",
  "#188a7f",
  "#0f7269",
  "#0b5d56",
  "#064a44",
];

const ink: MantineColorsTuple = [
  "#c8ccd2",
  "#b4bac3",
  "#949ca8",
  "#6f7885",
  "#3d454f",
  "#2e353e",
  "#20262d",
  "#181d23",
  "#11151a",
  "#0b0e12",
];

/** One look for one thing: sizes, colours and defaults of every component are decided here. */
export const theme = createTheme({
  primaryColor: "olive",
  primaryShade: { light: 7, dark: 7 },
  colors: { olive, dark: ink },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  components: {
    Menu: { defaultProps: { shadow: "md", position: "bottom-end", withinPortal: true } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4, blur: 0 } } },
    Skeleton: { defaultProps: { "aria-hidden": true } },
  },
});

/** Quiet fills of the institution's colour, with text on them that stays readable in light and dark. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-olive-light": "#dff1ee",
    "--mantine-color-olive-light-hover": "#cfe9e4",
    "--mantine-color-olive-light-color": "#0b5d56",
  },
  dark: {
    "--mantine-color-anchor": "#6fd0c4",
    "--mantine-color-olive-light": "#15403a",
    "--mantine-color-olive-light-hover": "#1a5048",
    "--mantine-color-olive-light-color": "#9be6db",
  },
});
