type Props = { label: string };

/** A button that says its label. */
export const Button = ({ label }: Props): JSX.Element => (
  <button onClick={() => alert(label)}>Say {label}!</button>
);

/** A field that can be focused. */
export const Field = React.forwardRef<HTMLInputElement, Props>((props, ref) => {
  return <input ref={ref} {...props} />;
});
export default memo(function Row({ label }: Props) { return <li>{label}</li>; });
